//! A client of a language server: the few requests that an editor makes, over standard input and output.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// How long the server may take to load a project, which compiles its procedural macros.
const LOADED_WITHIN: Duration = Duration::from_secs(180);

/// The code of an answer that is out of date, because the server learned something meanwhile.
const CONTENT_MODIFIED: i64 = -32801;

/// A running language server, killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    requests: u64,
    answers: HashMap<u64, Value>,
    /// The last that the server told of its own state.
    status: Value,
}

impl Server {
    /// Starts `program` on the project in `root`.
    ///
    /// # Panics
    ///
    /// If it does not start.
    #[must_use]
    pub fn start(program: &str, root: &Path, options: &Value) -> Server {
        let mut process = Command::new(program)
            .current_dir(root)
            // All that the project needs is here already, since the tests were built with it.
            .env("CARGO_NET_OFFLINE", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the language server starts");
        let input = process.stdin.take().expect("it was piped");
        let mut output = BufReader::new(process.stdout.take().expect("it was piped"));
        let (sender, messages) = channel();
        thread::spawn(move || {
            while let Some(message) = read_message(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let (answers, status) = (HashMap::new(), Value::Null);
        let mut server = Server { process, input, messages, requests: 0, answers, status };
        server.request(
            "initialize",
            &json!({
                "processId": std::process::id(),
                "rootUri": uri(root),
                "initializationOptions": options,
                "capabilities": {
                    "textDocument": { "hover": { "contentFormat": ["plaintext"] } },
                    "experimental": { "serverStatusNotification": true },
                },
            }),
        );
        server.notify("initialized", &json!({}));
        server
    }

    /// Opens a file in the editor, with this text.
    pub fn open(&mut self, path: &Path, text: &str) {
        let document = json!({ "uri": uri(path), "languageId": "rust", "version": 0, "text": text });
        self.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    /// Waits until the server knows all that it will know about the project.
    ///
    /// # Panics
    ///
    /// If that takes too long.
    pub fn wait_until_loaded(&mut self) {
        let end = Instant::now() + LOADED_WITHIN;
        while self.status["quiescent"] != true {
            assert!(self.receive(end), "the language server did not come to rest: {}", self.status);
        }
    }

    /// Asks something and gives back the result.
    ///
    /// # Panics
    ///
    /// If the answer is an error or takes too long.
    pub fn request(&mut self, method: &str, params: &Value) -> Value {
        let end = Instant::now() + ANSWER_WITHIN;
        loop {
            self.requests += 1;
            let id = self.requests;
            self.send(&json!({ "id": id, "method": method, "params": params }));
            let answer = loop {
                if let Some(answer) = self.answers.remove(&id) {
                    break answer;
                }
                assert!(self.receive(end), "no answer to {method} {params}");
            };
            match answer.get("error") {
                None => return answer["result"].clone(),
                Some(error) if error["code"] == CONTENT_MODIFIED => {}
                Some(error) => panic!("{method} {params}: {error}"),
            }
        }
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "method": method, "params": params }));
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = json!("2.0");
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server reads");
        self.input.flush().expect("the server reads");
    }

    /// Takes in one message, and answers it if it is a question. `false` if none comes until `end`.
    fn receive(&mut self, end: Instant) -> bool {
        let Ok(message) = self.messages.recv_timeout(end.saturating_duration_since(Instant::now())) else {
            return false;
        };
        let params = &message["params"];
        match (message["method"].as_str(), message.get("id")) {
            (Some(method), Some(id)) => {
                // It asks for settings, of which there are none but those that it has.
                let items = params["items"].as_array().map_or(0, Vec::len);
                let settings = method == "workspace/configuration";
                let result = if settings { json!(vec![Value::Null; items]) } else { Value::Null };
                self.send(&json!({ "id": id, "result": result }));
            }
            (Some("experimental/serverStatus"), None) => self.status = params.clone(),
            (Some(_), None) => {}
            (None, id) => {
                if let Some(id) = id.and_then(Value::as_u64) {
                    self.answers.insert(id, message);
                }
            }
        }
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _status = self.process.wait();
    }
}

fn read_message(output: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", number)) => length = number.parse().ok(),
            Some(_) => {}
            None => break,
        }
    }
    let mut text = vec![0; length?];
    output.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// A path as a document's name.
#[must_use]
pub fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}
