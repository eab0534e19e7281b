//! The README is run: each `console` block, command by command, against what it says is printed.
//!
//! A fenced block after `<!-- file: NAME -->` is a file that the commands find. `README_UPDATE=1 cargo test --test readme`
//! writes what is printed into the README.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A folder with the files that the README shows, and the shipped models.
fn folder(readme: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("dotledger-readme-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("models")).expect("a folder for temporary files");
    for entry in std::fs::read_dir("models").expect("the models") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a file").to_owned();
        std::fs::copy(&path, folder.join("models").join(name)).expect("copied");
    }
    for part in readme.split("<!-- file: ").skip(1) {
        let (name, rest) = part.split_once(" -->\n").expect("a file marker ends");
        let (_, rest) = rest.split_once('\n').expect("a fence opens");
        let (text, _) = rest.split_once("```").expect("a fence closes");
        std::fs::write(folder.join(name), text).expect("written");
    }
    folder
}

/// What a command prints: results, then what is said beside them.
fn printed(command: &str, folder: &Path) -> String {
    // Quotes are for the shell; no argument of the README holds a blank.
    let words = command
        .strip_prefix("dotledger ")
        .expect("a call of dotledger")
        .split_whitespace()
        .map(|word| word.trim_matches('"'));
    let output = Command::new(env!("CARGO_BIN_EXE_dotledger"))
        .args(words)
        .current_dir(folder)
        .env("COLUMNS", "100")
        .output()
        .expect("the program runs");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).expect("text");
    text.lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

/// The README with each command followed by what it prints.
fn rerun(readme: &str, folder: &Path) -> String {
    let mut out = String::new();
    let mut inside = false;
    for line in readme.lines() {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            _ => {}
        }
        let command = line.strip_prefix("$ ").filter(|_| inside);
        if inside && command.is_none() && line != "```console" {
            continue;
        }
        out.push_str(line);
        out.push('\n');
        if let Some(command) = command {
            out.push_str(&printed(command, folder));
        }
    }
    out
}

#[test]
fn the_readme_shows_what_is_printed() {
    let readme = std::fs::read_to_string("README.md").expect("the README is there");
    let folder = folder(&readme);
    let made = rerun(&readme, &folder);
    std::fs::remove_dir_all(&folder).expect("removed");
    if std::env::var_os("README_UPDATE").is_some() {
        std::fs::write("README.md", &made).expect("written");
    }
    insta::assert_snapshot!(difference(&readme, &made), @"");
}

/// Documentation tests run what the library's front page shows.
#[test]
fn the_rust_of_the_readme_stands_on_the_front_page_of_the_library() {
    let readme = std::fs::read_to_string("README.md").expect("the README is there");
    let page = std::fs::read_to_string("src/lib.rs").expect("the library is there");
    let page = page.replace("//! ", "");
    let blocks = readme.split("```rust\n").skip(1);
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() > 1);
    for block in blocks {
        assert!(page.contains(block), "{block}");
    }
}

/// The lines that differ, or nothing.
fn difference(told: &str, made: &str) -> String {
    let (told, made): (Vec<&str>, Vec<&str>) = (told.lines().collect(), made.lines().collect());
    let first = told.iter().zip(&made).position(|(a, b)| a != b);
    match first {
        None if told.len() == made.len() => String::new(),
        at => {
            let at = at.unwrap_or(told.len().min(made.len()));
            let around = |lines: &[&str]| lines[at..lines.len().min(at + 8)].join("\n");
            format!(
                "line {}\nREADME:\n{}\nprinted:\n{}",
                at + 1,
                around(&told),
                around(&made)
            )
        }
    }
}
