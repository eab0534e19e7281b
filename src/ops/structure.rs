//! Words of nodes that are no ops: calls of blocks, groups and choices. They belong to the language; their reference stands here
//! beside that of the ops.

/// A word of the language that may stand where an op stands.
#[derive(Clone, Copy, Debug)]
pub struct Structure {
    /// The word: `Repeat`.
    pub name: &'static str,
    /// Its page of the reference.
    pub page: &'static str,
}

/// Every such word, in the order of the reference.
pub const STRUCTURE: [Structure; 10] = [
    Structure {
        name: "Call",
        page: "`Call(block, x)`, `Call(pair, [a, b])`, `Call(wide, x, (w: \"2*d\"))`: a block, once.\n\n\
               The inputs are of the shapes that the block declares; sizes of its own, `dims: [w]`, are set in the call.",
    },
    Structure {
        name: "Repeat",
        page: "`Repeat(block, \"L\", x)`: L rounds of a block, each on what the last one gave.\n\n\
               The first input is carried, so what the block gives is of its shape; others stay as they are. Each round has \
               parameters and caches of its own.\n\n\
               Sizes may depend on the number `i` of the round, from 1: `Repeat(layer, \"L\", x, (w: \"64*i\"))`. What is \
               carried may not, and the amounts are summed over the rounds in closed form.",
    },
    Structure {
        name: "Share",
        page: "`Share(block, \"L\", x)`: L rounds of a block with one set of parameters.\n\n\
               As `Repeat`, but parameters count once, and are read once a pass. Each round has caches of its own.",
    },
    Structure {
        name: "Cycle",
        page: "`Cycle([local, local, global], \"L\", x)`: L rounds of blocks in turn, from the first again after the last.\n\n\
               Exact at every L: `floor((L + 2)/3)` of the first, and so on.",
    },
    Structure {
        name: "Every",
        page: "`Every(\"k\", global, local, \"L\", x)`: L rounds; the first block in every k-th, the second in the others.\n\n\
               `floor(L/k)` rounds of the first.",
    },
    Structure {
        name: "Scan",
        page: "`Scan(cell, \"n\", x)`, `Scan(step, \"n\", [x, y])`: a recurrence along an axis of size `n`.\n\n\
               The first input of the cell is its state, which is what the cell gives; it starts as zeros, or as an earlier pass \
               left it. Each further input is one place of what the scan is given, along that axis, or all of it where the \
               cell declares as many axes. The node is the state after each place, `[n, ..]`.\n\n\
               The cell runs at every place and owns its parameters once. Along the positions of a pass, what depends on the \
               state mixes positions, and the state is kept for the next pass; nothing else in the cell may be kept. Along \
               any other axis each place has caches of its own.",
    },
    Structure {
        name: "Route",
        page: "`Route(expert, \"E\", \"k\", x)`: a block in E copies, of which each position passes k.\n\n\
               The work is that of k, the parameters those of all. Positions are the axes up to the last that is one of \
               positions; features stand after them. An expert has no state.\n\n\
               `Route(block: expert, experts: \"E\", active: \"k\", inputs: x, capacity: \"5/4\")` gives each expert room for \
               `ceil(5/4 * k * positions / E)` positions, all of which it works on.",
    },
    Structure {
        name: "If",
        page: "`If(tied, a, b)`: `a` where the switch is on, `b` where it is off; for any value.\n\n\
               What only the other branch reads does not run.",
    },
    Structure {
        name: "Part",
        page: "`mlp: Part(up: .., down: ..)`: nodes that belong to a part of the network; its name is the part.\n\n\
               They stand in the block as if without the group. Parts are `embedding qkv scores mixing out mlp router experts \
               norm position conv ssm head other`.",
    },
    Structure {
        name: "Once",
        page: "`memory: Once(k: .., keys: Cache(k, \"S\"))`: nodes that run once a request.\n\n\
               They run in phases where nothing is past, and find nothing past; elsewhere they are free, and a `Cache` among \
               them is there whole. No size of theirs is of the positions of a pass.",
    },
];
