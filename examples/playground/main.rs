//! A page in which the engine works live, at <http://127.0.0.1:7878>: type an expression and see its graph, its derivatives and
//! a check of them; build a network and watch it learn. `--port N` takes another port, `--port 0` any free one.

mod expression;
mod network;
mod parser;
mod problem;
mod server;
mod sessions;
mod settings;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match &arguments[..] {
        [] => Some(7878),
        [name, port] if name == "--port" => port.parse().ok(),
        _ => None,
    };
    let Some(port) = port else {
        eprintln!("usage: playground [--port N], with N from 0 to 65535");
        return ExitCode::FAILURE;
    };
    let tell = |port| println!("The playground is at http://127.0.0.1:{port} until you stop it with Ctrl-C.");
    match server::serve(port, tell) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("port {port} of 127.0.0.1 cannot be used ({error}); choose another with --port");
            ExitCode::FAILURE
        }
    }
}
