//! Mails on their way: connections that are kept and used again, and the conversation that hands one mail over.

use crate::{
    connect::Server,
    login::{Login, NoLogin},
    mail::Mail,
    refusal,
    stage::{Progress, Stage},
    trouble,
};
use lettre::transport::smtp::{
    client::AsyncSmtpConnection,
    commands::{Data, Mail as MailFrom, Rcpt},
    response::Response,
};
use provider_api::DeliveryError;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

/// How long a connection is kept that nobody uses: servers close theirs after some minutes.
const IDLE: Duration = Duration::from_mins(1);
/// How long a server has for its goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// The way to the mail server.
pub(crate) struct Relay {
    server: Server,
    login: Login,
    /// As many as there may be connections.
    free: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Relay {
    /// Makes no connection yet.
    pub(crate) fn new(server: Server, login: Login, connections: usize) -> Self {
        Self { server, login, free: Semaphore::new(connections), idle: Mutex::default() }
    }

    /// Hands a mail over, once.
    ///
    /// # Errors
    ///
    /// [`Failure::Unknown`](provider_api::Failure::Unknown) if the end of the mail was sent and no answer came; else
    /// it was surely not taken.
    pub(crate) async fn hand_over(&self, mail: &Mail, limit: Duration) -> Result<(), DeliveryError> {
        let progress = Progress::default();
        match timeout(limit, self.converse(mail, limit, &progress)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(trouble::out_of_time(progress.stage(), &self.server)),
        }
    }

    /// Says goodbye on every connection that nobody uses.
    pub(crate) async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        for mut left in idle {
            drop(timeout(GOODBYE, left.connection.quit()).await);
        }
    }

    async fn converse(&self, mail: &Mail, limit: Duration, progress: &Progress) -> Result<(), DeliveryError> {
        // Never closed, so there is always one in the end.
        let _free = self.free.acquire().await;
        let mut connection = match self.reuse(mail, limit, progress).await? {
            Some(connection) => connection,
            None => self.begin(mail, limit, progress).await?,
        };
        match self.finish(&mut connection, mail, progress).await {
            Ok(()) => {
                self.idle().push(Idle { connection, since: Instant::now() });
                Ok(())
            }
            Err(error) => {
                say_goodbye(connection);
                Err(error)
            }
        }
    }

    /// Names the sender on a connection that is kept. Whether it is still alive shows in the answer; if it is not,
    /// nothing was sent and a new one does it.
    async fn reuse(
        &self,
        mail: &Mail,
        limit: Duration,
        progress: &Progress,
    ) -> Result<Option<AsyncSmtpConnection>, DeliveryError> {
        let kept = self.idle().pop();
        let Some(Idle { mut connection, since }) = kept else { return Ok(None) };
        if since.elapsed() > IDLE {
            say_goodbye(connection);
            return Ok(None);
        }
        progress.reach(Stage::Sender);
        let alive = timeout(limit / 4, connection.command(sender(mail))).await;
        match alive {
            Ok(Ok(_)) => Ok(Some(connection)),
            Ok(Err(cause)) if cause.is_permanent() => {
                say_goodbye(connection);
                Err(refusal::of(Stage::Sender, &cause))
            }
            _ => Ok(None),
        }
    }

    /// Names the sender on a new connection. A token that is refused is fetched anew, once.
    async fn begin(
        &self,
        mail: &Mail,
        limit: Duration,
        progress: &Progress,
    ) -> Result<AsyncSmtpConnection, DeliveryError> {
        let mut connection = match self.enter(limit, progress).await {
            Err(NoLogin::Stale(_)) => self.enter(limit, progress).await,
            other => other,
        }
        .map_err(DeliveryError::from)?;
        progress.reach(Stage::Sender);
        match connection.command(sender(mail)).await {
            Ok(_) => Ok(connection),
            Err(cause) => {
                say_goodbye(connection);
                Err(trouble::during(Stage::Sender, &self.server, &cause))
            }
        }
    }

    /// Connects and logs in.
    async fn enter(&self, limit: Duration, progress: &Progress) -> Result<AsyncSmtpConnection, NoLogin> {
        progress.reach(Stage::Token);
        let secret = self.login.secret().await?;
        progress.reach(Stage::Connect);
        let mut connection = self.server.connect(limit / 2).await?;
        progress.reach(Stage::Login);
        match self.login.perform(secret, &mut connection, &self.server).await {
            Ok(()) => Ok(connection),
            Err(why) => {
                say_goodbye(connection);
                Err(why)
            }
        }
    }

    /// Everything after the sender.
    async fn finish(
        &self,
        connection: &mut AsyncSmtpConnection,
        mail: &Mail,
        progress: &Progress,
    ) -> Result<(), DeliveryError> {
        let wrong = |cause| trouble::during(progress.stage(), &self.server, &cause);
        progress.reach(Stage::Recipient);
        for to in mail.envelope().to() {
            connection.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(wrong)?;
        }
        progress.reach(Stage::Content);
        connection.command(Data).await.map_err(wrong)?;
        let data = mail.data();
        progress.reach(Stage::End);
        // Written at once: a small last piece would wait until the server has confirmed the rest, which takes 40 ms.
        let taken = connection.command(data).await.map_err(wrong)?;
        if let Some(id) = queue_id(&taken) {
            tracing::debug!(queue.id = id, "the mail server took a mail");
        }
        Ok(())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sender(mail: &Mail) -> MailFrom {
    MailFrom::new(mail.envelope().from().cloned(), Vec::new())
}

/// Says goodbye without anybody waiting for it.
fn say_goodbye(mut connection: AsyncSmtpConnection) {
    drop(tokio::spawn(async move {
        drop(timeout(GOODBYE, connection.abort()).await);
    }));
}

/// The server's own name of the mail, where it says one as Postfix does: `queued as 4F2C1A`.
fn queue_id(taken: &Response) -> Option<&str> {
    let text = taken.first_line()?;
    let (_, id) = text.split_once("queued as ")?;
    let id = id.split_whitespace().next()?;
    (id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(id)
}
