//! Promise: a save replaces a file whole or not at all, whoever else writes or reads it, and however it ends.

use crate::nets::fresh_directory;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};
use tapegrad::nn::{Activation, Error, Mlp, Random};

fn network(seed: u64, neurons: usize) -> Mlp {
    Mlp::builder(2).layer(neurons, Activation::Tanh).seed(seed).build().unwrap()
}

fn names_in(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Four threads save one file, two read it all the while.
fn write_and_read_at_once(saves: usize) {
    let directory = fresh_directory("at-once");
    let path = directory.join("model.json");
    let networks: Vec<Mlp> = (0..4).map(|seed| network(seed, 5 + 20 * seed as usize)).collect();
    networks[0].save(&path).unwrap();
    std::thread::scope(|scope| {
        for mlp in &networks {
            let path = &path;
            scope.spawn(move || (0..saves).for_each(|_| mlp.save(path).unwrap()));
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..4 * saves {
                    let read = Mlp::load(&path).unwrap();
                    assert!(networks.contains(&read));
                }
            });
        }
    });
    assert_eq!(names_in(&directory), ["model.json"]);
    fs::remove_dir_all(directory).unwrap();
    println!("{} saves by 4 threads, {} whole reads", 4 * saves, 8 * saves);
}

#[test]
fn threads_that_save_one_file_do_not_break_it() {
    write_and_read_at_once(50);
}

#[test]
#[ignore = "a long run"]
fn threads_that_save_one_file_do_not_break_it_10_000_times() {
    write_and_read_at_once(2_500);
}

/// The process that gets killed: saves one network or the other, again and again.
#[test]
#[ignore = "not a test of its own: a process for the test below"]
fn saving_process() {
    let Ok(path) = std::env::var("TAPEGRAD_SAVES_TO") else { return };
    let networks = [network(1, 3_000), network(2, 3_500)];
    for k in 0..100_000 {
        networks[k % 2].save(&path).unwrap();
    }
}

#[test]
fn a_process_killed_in_the_midst_of_a_save_leaves_a_whole_file() {
    let directory = fresh_directory("killed-saving");
    let path = directory.join("model.json");
    let networks = [network(1, 3_000), network(2, 3_500)];
    let mut random = Random::new(5);
    for round in 0..10 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "saving::saving_process", "--ignored"])
            .env("TAPEGRAD_SAVES_TO", &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !path.exists() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(random.below(60_000) as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(networks.contains(&Mlp::load(&path).unwrap()), "round {round}");
    }

    // What the dead left is removed by a later save, when it is too old to be somebody's.
    let left = names_in(&directory);
    println!("10 processes died and left {} temporary files", left.len() - 1);
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 3600);
    for name in left.iter().filter(|name| *name != "model.json") {
        fs::File::options().write(true).open(directory.join(name)).unwrap().set_modified(long_ago).unwrap();
    }
    networks[0].save(&path).unwrap();
    assert_eq!(names_in(&directory), ["model.json"]);
    fs::remove_dir_all(directory).unwrap();
}

/// Only old files of ours: not a young one, which may be another process's, and not what is named alike.
#[test]
fn only_what_the_dead_left_is_removed() {
    let directory = fresh_directory("left");
    let long_ago = SystemTime::now() - Duration::from_secs(2 * 3600);
    for (name, is_old) in [
        (".tapegrad-abcdef.part", true),
        (".tapegrad-ABCDEF.part", false),
        (".tapegrad-long-name.part", true),
        (".model.json.part", true),
        ("tapegrad-abcdef.part", true),
    ] {
        let file = fs::File::create(directory.join(name)).unwrap();
        if is_old {
            file.set_modified(long_ago).unwrap();
        }
    }
    network(0, 1).save(directory.join("model.json")).unwrap();
    let expected = [
        ".model.json.part",
        ".tapegrad-ABCDEF.part",
        ".tapegrad-long-name.part",
        "model.json",
        "tapegrad-abcdef.part",
    ];
    assert_eq!(names_in(&directory), expected);
}

#[test]
fn a_save_that_fails_leaves_nothing_behind() {
    let directory = fresh_directory("failing");
    fs::create_dir(directory.join("folder")).unwrap();
    for path in ["folder", "none/model.json", "", "/"] {
        let path = if path.is_empty() { path.into() } else { directory.join(path) };
        assert!(matches!(network(0, 1).save(path), Err(Error::Io { .. })));
    }
    assert_eq!(names_in(&directory), ["folder"]);
    // A name as long as names can be is still a name.
    let long = directory.join("n".repeat(255));
    network(0, 1).save(&long).unwrap();
    assert_eq!(Mlp::load(&long).unwrap(), network(0, 1));
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    /// As for any program that writes a file: a new one has the mode that the umask leaves, an old one keeps its own.
    #[test]
    fn the_mode_of_a_file_is_kept() {
        let directory = fresh_directory("mode");
        let (path, plain) = (directory.join("model.json"), directory.join("plain"));
        fs::write(&plain, "").unwrap();
        network(0, 1).save(&path).unwrap();
        assert_eq!(mode(&path), mode(&plain));
        for kept in [0o600, 0o640, 0o666, 0o444, 0o755] {
            fs::set_permissions(&path, fs::Permissions::from_mode(kept)).unwrap();
            network(kept.into(), 1).save(&path).unwrap();
            assert_eq!((mode(&path), Mlp::load(&path).unwrap()), (kept, network(kept.into(), 1)));
        }
    }

    /// A link to a file stays a link, and what it points to is replaced.
    #[test]
    fn what_a_link_points_to_is_replaced() {
        let directory = fresh_directory("links");
        fs::create_dir(directory.join("far")).unwrap();
        let far = directory.join("far/model.json");
        let (near, further) = (directory.join("near"), directory.join("further"));
        symlink("far/model.json", &near).unwrap();
        symlink(&near, &further).unwrap();
        // There is nothing at its end at first.
        for (seed, path) in [&near, &further, &near].into_iter().enumerate() {
            network(seed as u64, 1).save(path).unwrap();
            assert!(near.is_symlink() && further.is_symlink() && !far.is_symlink());
            assert_eq!(Mlp::load(&far).unwrap(), network(seed as u64, 1));
        }
        assert_eq!(names_in(&directory.join("far")), ["model.json"]);

        let circle = directory.join("circle");
        symlink("circle", &circle).unwrap();
        assert!(matches!(network(0, 1).save(&circle), Err(Error::Io { .. })));
    }

    /// Whoever may write into the folder cannot make a save write elsewhere.
    #[test]
    fn a_planted_link_is_not_followed() {
        let directory = fresh_directory("planted");
        let victim = directory.join("victim");
        fs::write(&victim, "precious").unwrap();
        for planted in [".model.json.part", ".tapegrad-aaaaaa.part", "model.json.part"] {
            symlink(&victim, directory.join(planted)).unwrap();
        }
        network(0, 1).save(directory.join("model.json")).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    }

    /// What is no file, such as a device or a socket, cannot be replaced whole.
    #[test]
    fn what_is_no_file_is_not_replaced() {
        let path = fresh_directory("socket").join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let error = network(0, 1).save(&path).unwrap_err().to_string();
        assert!(error.contains("socket: ") && error.contains("not a file"), "{error}");
        assert!(fs::metadata(&path).unwrap().file_type().is_socket());
    }
}
