//! What crosses the network, by its bytes, and how long a server may be silent. The server is a socket.

use std::io::Read;
use std::net::{Shutdown, TcpListener};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};

use spark_connect_proto::execute_plan_response::ArrowBatch;

use super::*;

const SECRET: &str = "a-token-that-nobody-reads";

/// Accepts one connection, says nothing, and hands on what it got when the other side has ended it.
fn listener() -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let (mut got, mut some) = (Vec::new(), [0; 4_096]);
        while let Ok(length @ 1..) = stream.read(&mut some) {
            got.extend_from_slice(&some[..length]);
        }
        stream.shutdown(Shutdown::Both).ok();
        sender.send(got).ok();
    });
    (port, receiver)
}

fn engine(remote: &str, token_file: Option<PathBuf>) -> Engine {
    let patience = Duration::from_secs(2);
    Engine { remote: remote.to_owned(), token_file, patience }
}

fn token_file(folder: &tempfile::TempDir, token: &str) -> PathBuf {
    let path = folder.path().join("token");
    std::fs::write(&path, format!("{token}\n")).unwrap();
    path
}

fn failure(engine: &Engine) -> Error {
    Connection::open(engine, "tag", Box::new(|| Ok(()))).err().expect("nobody answers")
}

#[test]
fn with_tls_the_first_bytes_are_its_handshake_and_hold_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let (port, got) = listener();
    let remote = format!("sc://localhost:{port}/;use_ssl=true");
    let error = failure(&engine(&remote, Some(token_file(&folder, SECRET))));
    assert!(!format!("{error:?}").contains(SECRET), "{error}");
    let got = got.recv_timeout(LAST).unwrap();
    // A record of a handshake, of TLS 1.x.
    assert_eq!(got[..2], [0x16, 0x03], "{got:?}");
    let text = String::from_utf8_lossy(&got).into_owned();
    assert!(!text.contains(SECRET) && !text.contains("HTTP") && !text.contains("Bearer"));
}

#[test]
fn without_tls_a_token_goes_to_this_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    let token = token_file(&folder, SECRET);
    for remote in ["sc://192.0.2.1:15002", "sc://127.0.0.1.example:1", "sc://localhost.example"] {
        let error = failure(&engine(remote, Some(token.clone())));
        assert_eq!(error.kind(), crate::Kind::Usage, "{remote}: {error}");
        assert!(error.to_string().contains("clear text"), "{error}");
    }
}

#[test]
fn a_server_that_says_nothing_is_given_up_at_the_deadline() {
    let (port, got) = listener();
    let begun = Instant::now();
    let error = failure(&engine(&format!("sc://127.0.0.1:{port}"), None));
    assert_eq!(error.kind(), crate::Kind::Io, "{error}");
    assert!(begun.elapsed() < LAST + Duration::from_secs(5), "{:?}", begun.elapsed());
    // The same program without TLS speaks in clear, so that the test above is about something.
    assert!(got.recv_timeout(LAST).unwrap().starts_with(b"PRI * HTTP/2"));
}

#[test]
fn a_token_is_read_again_for_every_call() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine("sc://localhost:1", Some(token_file(&folder, "first")));
    let before = with_token(&engine).unwrap();
    token_file(&folder, "a;b=c");
    let after = with_token(&engine).unwrap();
    assert_eq!(ChannelBuilder::parse(&before).unwrap().token().as_deref(), Some("first"));
    assert_eq!(ChannelBuilder::parse(&after).unwrap().token().as_deref(), Some("a;b=c"));
    std::fs::remove_file(folder.path().join("token")).unwrap();
    let error = with_token(&engine).unwrap_err();
    assert!(error.to_string().contains("token"), "{error}");
}

#[test]
fn an_answer_of_which_rows_are_missing_is_not_taken() {
    let part = |row_count, start_offset| ArrowBatch {
        row_count,
        start_offset,
        data: one_row().into(),
        ..ArrowBatch::default()
    };
    let mut answer = Answer::default();
    answer.take(&part(1, Some(0))).unwrap();
    answer.take(&part(1, None)).unwrap();
    assert!(answer.take(&part(1, Some(3))).is_err());
    assert!(Answer::default().take(&part(2, Some(0))).is_err());
    assert!(Answer::default().take(&ArrowBatch::default()).is_err());
}

/// A stream of one row.
fn one_row() -> Vec<u8> {
    let column = arrow_array::Int32Array::from(vec![1]);
    let batch = RecordBatch::try_from_iter([("place", std::sync::Arc::new(column) as _)]).unwrap();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}
