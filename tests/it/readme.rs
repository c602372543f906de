//! The README in two languages: the same steps.

/// The lines of the shell blocks without their comments, the language of the messages aside.
fn steps(readme: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut is_shell = false;
    for line in readme.lines() {
        match line {
            "```sh" => is_shell = true,
            "```" => is_shell = false,
            _ if is_shell => {
                let command = line.split("  # ").next().unwrap_or(line).trim_end();
                steps.push(command.replace("--lang zh", "--lang en"));
            }
            _ => {}
        }
    }
    steps
}

#[test]
fn both_languages_have_the_same_commands() {
    let read = |name: &str| std::fs::read_to_string(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (en, zh) = (steps(&read("README.md")), steps(&read("README.zh-CN.md")));
    assert!(en.len() > 60, "{} lines", en.len());
    assert_eq!(en, zh);
}
