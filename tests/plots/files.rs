//! Promise: a plot is written to a file as a whole, and to a notebook in its own way.

use crate::all::plots_with;

#[test]
fn a_plot_is_saved_as_it_is() {
    let folder = std::env::temp_dir().join(format!("tapegrad-plots-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (path, (_, plot)) = (folder.join("a.svg"), plots_with("a").swap_remove(2));
    std::fs::write(&path, "an old file, much longer than the new one".repeat(10_000)).unwrap();
    plot.save(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), plot.to_svg());
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);

    let missing = folder.join("no/such/folder.svg");
    let error = plot.save(&missing).unwrap_err();
    assert!(error.to_string().starts_with(&missing.display().to_string()), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Run by the next test in a process of its own, whose output it reads.
#[test]
#[ignore = "prints a plot for the test below"]
fn prints_a_plot() {
    plots_with("a")[5].1.evcxr_display();
}

#[test]
fn a_notebook_gets_the_plot_between_its_marks() {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "files::prints_a_plot", "--ignored", "--nocapture"];
    let output = std::process::Command::new(program).args(arguments).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let svg = plots_with("a")[5].1.to_svg();
    let expected = format!("EVCXR_BEGIN_CONTENT image/svg+xml\n{svg}\nEVCXR_END_CONTENT\n");
    assert!(printed.contains(&expected), "{printed}");
}
