//! Lists the models of `models/`, so that adding a file there is all that adding a family takes.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=models");
    let mut names = Vec::new();
    for entry in fs::read_dir("models")? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "ron")
            && let Some(name) = path.file_stem().and_then(|name| name.to_str())
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    let entries: String = names
        .iter()
        .map(|name| {
            format!(
                "    Family {{\n        name: \"{name}\",\n        text: include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/models/{name}.ron\")),\n    }},\n"
            )
        })
        .collect();
    let folder = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(
        Path::new(&folder).join("zoo.rs"),
        format!("&[\n{entries}]\n"),
    )
}
