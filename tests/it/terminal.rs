//! What the program says to a terminal, a shell and a monitor.

use crate::world::World;

#[test]
fn status_writes_its_facts_for_a_monitor_whole() {
    let days: Vec<String> = (1..=3).map(|day| format!("2026-03-0{day}")).collect();
    let world = World::in_day_folders(&days);
    let run = ["run", "release.toml", "--from", "2026-03-01", "--to", "2026-03-02"];
    let ran = world.run(&[&run[..], &["--as-of", "2026-03-04"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let status = |as_of: &str| {
        world.run(&["status", "release.toml", "--as-of", as_of, "--metrics", "daily.prom"])
    };
    assert_eq!(status("2026-03-04T00:00:00Z").code, 0);
    let read = || std::fs::read_to_string(world.path("daily.prom")).unwrap();
    let written = read();
    let expected = [
        "pointillist_days{release=\"daily\",standing=\"released\"} 2",
        "pointillist_days{release=\"daily\",standing=\"pending\"} 1",
        "pointillist_days{release=\"daily\",standing=\"expired unreleased\"} 0",
        "pointillist_days_begun{release=\"daily\"} 0",
        "pointillist_days_expiring{release=\"daily\"} 0",
        "pointillist_budget_left_rho{release=\"daily\"} 0.008319134",
        "pointillist_hold_warnings{release=\"daily\"} 0",
        "pointillist_needs_operator{release=\"daily\"} 0",
        "pointillist_status_time_seconds{release=\"daily\"} 1772582400",
    ];
    for line in expected {
        assert!(written.lines().any(|other| other == line), "{line}\n{written}");
    }
    // Each family has its type and help before its samples, and the last line says that it is whole.
    for family in written.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = family.strip_suffix(" gauge").unwrap();
        assert!(written.contains(&format!("# HELP {name} ")), "{name}");
        assert!(written.contains(&format!("\n{name}{{release=\"daily\"")), "{name}");
    }
    assert!(written.ends_with("\n# EOF\n"));
    let mode = std::fs::metadata(world.path("daily.prom")).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o644);

    assert_eq!(status("2026-04-02T12:00:00Z").code, 1);
    assert!(read().contains("pointillist_needs_operator{release=\"daily\"} 1\n"), "{}", read());
    // A file that cannot be written is an error, and what is there stays.
    let ran = world.run(&["status", "release.toml", "--metrics", "nowhere/daily.prom"]);
    assert!(ran.code == 74 && ran.stderr.contains("nowhere/daily.prom"), "{}", ran.stderr);
    let names = std::fs::read_dir(world.path(".")).unwrap().flatten();
    let left = names.filter(|it| it.file_name().to_string_lossy().starts_with(".tmp")).count();
    assert_eq!(left, 0);
}

#[test]
fn quiet_leaves_warnings_and_errors() {
    let world = World::new();
    let ran =
        world.run(&["run", "release.toml", "--day", "2026-03-02", "--as-of", "2026-03-10", "-q"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let ran = world.run(&["plan", "nothing.toml", "--quiet"]);
    assert!(
        ran.code == 2 && ran.stdout.is_empty() && ran.stderr.starts_with("error: "),
        "{}",
        ran.stderr
    );
    assert_eq!(world.run(&["plan", "release.toml", "--quiet", "--json"]).code, 2);
}

#[test]
fn a_shell_completes_every_command_and_help_explains_each() {
    let world = World::empty();
    let commands = ["run", "status", "compare", "explain", "retain", "ledger"];
    for shell in ["bash", "zsh", "fish"] {
        let ran = world.run(&["completions", shell]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        for command in commands {
            assert!(ran.stdout.contains(command), "{shell}: {command}");
        }
    }
    for command in commands {
        let ran = world.run(&["help", command]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(ran.stdout, world.run(&[command, "--help"]).stdout);
    }
}
