//! A session of Spark Connect: questions with a deadline, answers as Arrow.
//!
//! Only the client's transport is used. Its own reading of an answer takes a stream that ends for the whole
//! answer, but a server ends each stream after two minutes and expects to be asked for the rest: longer
//! queries would come back empty. Here an answer is whole when the server says that it is. Every
//! call names the session as the server knows it, so that no call is answered by a session that
//! another server began anew, without the settings. Every call has a deadline, after which the
//! cluster is asked to stop, and reads the token again. The server's own words may quote a value of
//! a row, so only the name of its error is passed on.

use std::pin::pin;
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use spark_connect_core::client::SparkConnectClient;
use spark_connect_core::{
    ChannelBuilder, ExecutePlanResponseReattachableIterator, RetryPolicy, SparkError, block_on,
};
use spark_connect_proto::execute_plan_response::ResponseType;
use spark_connect_proto::{
    AnalyzePlanRequest, ConfigRequest, ExecutePlanRequest, KeyValue, Plan, Relation, Sql,
    UserContext, analyze_plan_request, analyze_plan_response, config_request, data_type, plan,
    relation,
};
use tokio::time::{sleep, timeout};

use super::SETTINGS;
use super::checked::Answer;
use super::failure::{failed, is_gone};
use super::token::with_token;
use crate::release_file::engine::Engine;
use crate::{Error, Result};

/// How long the server may take for its first answer, and for any that reads no rows; and how long it may
/// be gone in the middle of a query.
const FIRST: Duration = Duration::from_secs(60);
/// How long it may take to stop.
const LAST: Duration = Duration::from_secs(10);
/// How long it may say nothing. It reports its progress every few seconds, and ends streams after two minutes.
const SILENCE: Duration = Duration::from_secs(180);
/// How often a stop is looked for.
const TICK: Duration = Duration::from_millis(100);

/// An open session.
pub(super) struct Connection {
    engine: Engine,
    /// Its name, once it has one.
    session: Option<String>,
    /// The server's own name for it, which is another one if the session was begun a second time.
    of_server: Option<String>,
    tag: String,
    stop: Box<dyn Fn() -> Result<()>>,
}

impl Connection {
    /// Opens a session whose questions carry `tag`; `stop` fails when somebody asks the run to end.
    ///
    /// # Errors
    /// Usage, for a token that would cross a network in clear text; I/O, when nobody answers.
    pub(super) fn open(
        engine: &Engine,
        tag: &str,
        stop: Box<dyn Fn() -> Result<()>>,
    ) -> Result<Self> {
        let (engine, tag) = (engine.clone(), tag.to_owned());
        let mut open = Self { engine, session: None, of_server: None, tag, stop };
        let asked = "for a session";
        let (session, of_server) = open.wait(asked, FIRST, async {
            let client = open.client(asked).await?;
            let pair = |(name, value): (&str, &str)| KeyValue {
                key: name.to_owned(),
                value: Some(value.to_owned()),
            };
            let set = config_request::Set { pairs: SETTINGS.map(pair).to_vec(), silent: None };
            let set = config_request::operation::OpType::Set(set);
            let request = ConfigRequest {
                session_id: client.session_id().to_owned(),
                user_context: user(&client),
                operation: Some(config_request::Operation { op_type: Some(set) }),
                ..ConfigRequest::default()
            };
            let response = client.config(request).await.map_err(|error| failed(asked, &error))?;
            Ok((client.session_id().to_owned(), response.server_side_session_id))
        })?;
        open.session = Some(session);
        // Servers before 4.0 do not name theirs.
        open.of_server = Some(of_server).filter(|name| !name.is_empty());
        Ok(open)
    }

    /// The names and types of the columns of a query, which reads no rows.
    ///
    /// # Errors
    /// Input, when the cluster does not know a column or path; I/O.
    pub(super) fn columns(&self, sql: &str) -> Result<Vec<(String, data_type::Kind)>> {
        let asked = "which columns the logs have";
        let response = self.wait(asked, FIRST, async {
            let client = self.client(asked).await?;
            let schema = analyze_plan_request::Schema { plan: Some(query(sql)) };
            let request = AnalyzePlanRequest {
                session_id: client.session_id().to_owned(),
                client_observed_server_side_session_id: self.of_server.clone(),
                user_context: user(&client),
                analyze: Some(analyze_plan_request::Analyze::Schema(schema)),
                ..AnalyzePlanRequest::default()
            };
            client.analyze_plan(request).await.map_err(|error| failed(asked, &error))
        })?;
        let schema = match response.result {
            Some(analyze_plan_response::Result::Schema(schema)) => schema.schema,
            _ => None,
        };
        let Some(data_type::Kind::Struct(columns)) = schema.and_then(|schema| schema.kind) else {
            return Err(Error::io("the cluster names no columns"));
        };
        let columns = columns.fields.into_iter();
        Ok(columns.filter_map(|field| Some((field.name, field.data_type?.kind?))).collect())
    }

    /// The answer to a query.
    ///
    /// # Errors
    /// Input, when the cluster cannot read the logs; I/O, when it fails or takes too long; stopped.
    pub(super) fn answer(&self, asked: &str, sql: &str) -> Result<Vec<RecordBatch>> {
        let asked = format!("for {asked}");
        self.wait(&asked, self.engine.patience, self.whole(&asked, sql))
    }

    /// Everything that a server sends until it says that this was all.
    async fn whole(&self, asked: &str, sql: &str) -> Result<Vec<RecordBatch>> {
        let client = self.client(asked).await?;
        let request = ExecutePlanRequest {
            session_id: client.session_id().to_owned(),
            client_observed_server_side_session_id: self.of_server.clone(),
            user_context: user(&client),
            plan: Some(query(sql)),
            tags: vec![self.tag.clone()],
            ..ExecutePlanRequest::default()
        };
        let execution = ExecutePlanResponseReattachableIterator::new(request);
        let first = client.execute_plan(execution.request().clone()).await;
        let mut stream = first.map_err(|error| failed(asked, &error))?;
        let mut answer = Answer::default();
        loop {
            match timeout(SILENCE, stream.message()).await {
                Ok(Ok(Some(response))) => {
                    execution.set_last_response_id(&response).await;
                    if let Some(ResponseType::ArrowBatch(batch)) = &response.response_type {
                        answer.take(batch)?;
                    }
                    if execution.is_completed().await {
                        break;
                    }
                    continue;
                }
                Ok(Err(status)) => {
                    let error = SparkError::from_grpc_status(status);
                    if !is_gone(&error) {
                        return Err(failed(asked, &error));
                    }
                }
                // The server ends its streams, and a lost connection may not be noticed.
                Ok(Ok(None)) | Err(_) => {}
            }
            let begun = Instant::now();
            stream = loop {
                sleep(TICK).await;
                let again = self.client(asked).await?;
                match again.reattach_execute(execution.create_reattach_request().await).await {
                    Ok(stream) => break stream,
                    Err(error) if is_gone(&error) && begun.elapsed() < FIRST => {}
                    Err(error) => return Err(failed(asked, &error)),
                }
            };
        }
        // Otherwise the server would keep the sums until the session ends.
        let release = execution.create_release_request(true).await;
        let released = timeout(LAST, client.release_execute(release)).await;
        tracing::debug!(released = matches!(released, Ok(Ok(_))), "took an answer");
        Ok(answer.batches)
    }

    /// Waits for a call as long as it may take.
    fn wait<T>(
        &self,
        asked: &str,
        patience: Duration,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let patience = patience.min(self.engine.patience);
        block_on(async {
            let mut call = pin!(call);
            let begun = Instant::now();
            loop {
                if let Ok(answer) = timeout(TICK, call.as_mut()).await {
                    return answer;
                }
                let stopped = (self.stop)();
                if stopped.is_ok() && begun.elapsed() < patience {
                    continue;
                }
                self.interrupt().await;
                stopped?;
                return Err(Error::io(format!(
                    "the cluster was asked {asked} and did not answer within {} seconds",
                    patience.as_secs()
                ))
                .help(
                    "check that it is up, and that its certificate is trusted here (SSL_CERT_FILE); \
                     `[engine] patience` says how long a query may take",
                ));
            }
        })
    }

    /// Asks the server to stop whatever carries the tag.
    async fn interrupt(&self) {
        if self.session.is_none() {
            return;
        }
        let Ok(client) = self.client("to stop").await else { return };
        let stopped = timeout(LAST, client.interrupt_tag(&self.tag)).await;
        tracing::info!(stopped = matches!(stopped, Ok(Ok(_))), "asked the cluster to stop");
    }

    /// A client of the session, with the token as it is now.
    async fn client(&self, asked: &str) -> Result<SparkConnectClient> {
        let failed = |error| failed(asked, &error);
        let mut place = ChannelBuilder::parse(&with_token(&self.engine)?).map_err(failed)?;
        if let Some(session) = &self.session {
            place.set("session_id", session);
        }
        let mut client = SparkConnectClient::connect(&place).await.map_err(failed)?;
        client.set_retry_policy(RetryPolicy {
            max_backoff_ms: Some(4_000),
            max_retry_exception_elapsed_time_ms: Some(FIRST.as_secs() * 1_000),
            ..RetryPolicy::default()
        });
        Ok(client)
    }
}

impl Drop for Connection {
    /// Has the server forget the session, if it does so at once.
    fn drop(&mut self) {
        if self.session.is_some() {
            block_on(async {
                let Ok(client) = self.client("to end").await else { return };
                let ended = timeout(LAST, client.release_session()).await;
                tracing::debug!(ended = matches!(ended, Ok(Ok(()))), "ended the session");
            });
        }
    }
}

fn user(client: &SparkConnectClient) -> Option<UserContext> {
    let user_id = client.user_id().unwrap_or_default().to_owned();
    Some(UserContext { user_id, ..UserContext::default() })
}

fn query(sql: &str) -> Plan {
    let sql = relation::RelType::Sql(Sql { query: sql.to_owned(), ..Sql::default() });
    let root = Relation { common: None, rel_type: Some(sql) };
    Plan { op_type: Some(plan::OpType::Root(root)) }
}

#[cfg(test)]
mod tests;
