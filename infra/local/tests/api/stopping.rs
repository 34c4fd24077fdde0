//! Stopping: requests under way are finished, and what a client leaves unfinished keeps nothing up.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::cloud;

const HALF: &str = "POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
    content-length: 2\r\nexpect: 100-continue\r\n\r\n";

/// A request without its body, which a handler waits for.
async fn half_a_request(url: &str) -> TcpStream {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(HALF.as_bytes()).await.unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[tokio::test]
async fn a_request_under_way_is_finished() {
    let cloud = cloud().await;
    let mut request = half_a_request(&cloud.url()).await;
    let rest = async {
        request.write_all(b"{}").await.unwrap();
        let mut answer = String::new();
        request.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let ((), answer) = tokio::join!(cloud.stop(), rest);
    assert!(answer.starts_with("HTTP/1.1 422 "), "{answer}");
}

#[tokio::test]
async fn a_request_that_is_never_finished_is_given_up() {
    let cloud = cloud().await;
    let _unfinished = half_a_request(&cloud.url()).await;
    tokio::time::timeout(Duration::from_secs(30), cloud.stop()).await.expect("it does not wait for ever");
}

/// The program, which ends with the test at the latest.
struct Program(Child);

impl Program {
    fn interrupt(&self) {
        let sent = Command::new("kill").args(["-s", "INT", &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_banister-local"));
    command.args(["--ephemeral", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut program = Program(command.spawn().unwrap());
    let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url = lines.find_map(|line| line.strip_prefix("listening on ").map(ToOwned::to_owned)).unwrap();
    let _unfinished = half_a_request(&url).await;
    program.interrupt();
    assert!(lines.any(|line| line == "stopping"));
    program.interrupt();
    assert!(lines.any(|line| line == "not waiting any longer"));
    assert!(program.0.wait().unwrap().success());
}
