//! Which methods an application may offer a person, asked of the providers that have a word in it.

use super::{Barred, Verifier, VerifyError};
use crate::{
    application::{Application, Method},
    member::{Carrier, Offer, Person, Refusal, judge},
    plugin::Lane,
};
use provider_api::{Candidate, Channel, EVERY_CHANNEL, Manifest, Member};
use std::sync::Arc;
use tokio::task::JoinSet;

/// The methods of an application, sorted by whether they reach the person.
#[derive(Debug)]
pub struct Methods {
    /// Those that do, the preferred one first, then in the application's order (S37).
    pub offers: Vec<Offer>,
    /// Those that do not, each with its reason.
    pub refusals: Vec<Refusal>,
}

/// Who would carry a method.
pub(super) struct Target {
    channel: Channel,
    pub(super) carriers: Vec<(String, Option<Arc<Lane>>)>,
}

impl Verifier {
    /// Says which methods of the application reach this person (J9, J18–J21).
    ///
    /// Declared addresses are judged here, without a call; only providers that ask to be asked are.
    pub async fn methods(&self, application: &Application, person: &Person) -> Methods {
        let mut asked = JoinSet::new();
        let mut judged: Vec<Option<Result<Offer, Refusal>>> = Vec::new();
        for (place, method) in application.methods.iter().enumerate() {
            match self.judged(application, method, person) {
                Ok((offer, lanes)) if wants_a_word(&lanes) => {
                    let member = member_of(person);
                    asked.spawn(async move { (place, vetted(offer, lanes, member).await) });
                    judged.push(None);
                }
                Ok((offer, _)) => judged.push(Some(Ok(offer))),
                Err(refusal) => judged.push(Some(Err(refusal))),
            }
        }
        while let Some(answer) = asked.join_next().await {
            if let Ok((place, answer)) = answer
                && let Some(waiting) = judged.get_mut(place)
            {
                *waiting = Some(answer);
            }
        }
        sorted(application, judged)
    }

    /// The offer that a start uses: of the method asked for, else of the first that reaches the person.
    pub(super) async fn offer(
        &self,
        application: &Application,
        person: &Person,
        asked: Option<&Method>,
        (is_payment, barred): (bool, &[Barred]),
    ) -> Result<Offer, VerifyError> {
        let mut refusals = Vec::new();
        for method in candidates(application, asked)? {
            let offer = match self.judged(application, method, person) {
                Ok((offer, _)) if is_payment && offer.channel.as_str() == "whatsapp" => {
                    Err(without_payments(method))
                }
                Ok((offer, lanes)) => match barred.iter().find(|it| it.channel == offer.channel.as_str()) {
                    Some(Barred { channel, reason }) => {
                        Err(Refusal::new(method, *reason, format!("the caller bars the channel `{channel}`")))
                    }
                    None => vetted(offer, lanes, member_of(person)).await,
                },
                Err(refusal) => Err(refusal),
            };
            match offer {
                Ok(offer) => return Ok(offer),
                Err(refusal) => refusals.push(refusal),
            }
        }
        Err(VerifyError::Unavailable(refusals))
    }

    /// The application's method that delivers codes on a channel: the preferred one, else the first.
    pub fn method_on(&self, application: &Application, channel: &str) -> Option<Method> {
        let mut methods = application.preferred.iter().chain(&application.methods);
        let goes = |method: &&Method| {
            let target = self.target(method).filter(|_| method.is_code());
            target.is_some_and(|target| target.channel.as_str() == channel)
        };
        methods.find(goes).cloned()
    }

    /// The channel that a method goes on now.
    pub fn channel_of(&self, method: &Method) -> Option<Channel> {
        self.target(method).map(|target| target.channel)
    }

    /// Judges a method by declared addresses alone; with the lanes of the providers that the offer names.
    fn judged(
        &self,
        application: &Application,
        method: &Method,
        person: &Person,
    ) -> Result<(Offer, Vec<Arc<Lane>>), Refusal> {
        let target = self.target(method).ok_or_else(|| {
            Refusal::new(method, "provider_unavailable", format!("provider `{}` is not open", method.target))
        })?;
        let carriers: Vec<Carrier<'_>> = target
            .carriers
            .iter()
            .map(|(id, lane)| {
                let serving = lane.as_ref().filter(|lane| lane.serves(&target.channel));
                Carrier { id, addresses: serving.map(|lane| lane.addresses()) }
            })
            .collect();
        let offer = judge(method, &target.channel, &carriers, person)?;
        let lanes = target.carriers.into_iter().filter(|(id, _)| offer.providers.contains(id));
        let lanes = lanes.filter_map(|(_, lane)| lane).collect();
        Ok((Offer { preferred: application.preferred.as_ref() == Some(method), ..offer }, lanes))
    }

    /// Who would carry this method: a configured provider of that name, else the providers of that channel's route.
    ///
    /// `None` if it names a provider that is not open, or no channel.
    pub(super) fn target(&self, method: &Method) -> Option<Target> {
        let lane = |id: &String| (id.clone(), self.providers.lane(id));
        let present = self.directory.present();
        if present.is_provider(&method.target) {
            let only = self.providers.lane(&method.target)?;
            let declared = only.addresses().iter().filter_map(|address| address.channel.clone());
            let channel = channel_of(only.manifest(), declared, &method.target)?;
            return Some(Target { channel, carriers: vec![(method.target.clone(), Some(only))] });
        }
        let channel = Channel::new(&method.target).ok()?;
        let carriers = present.routes().of(&channel).iter().map(lane).collect();
        Some(Target { channel, carriers })
    }
}

/// The channel of a method that names a provider: the first that its library names, else the first that it declares an
/// address for, else the provider's own name.
fn channel_of(manifest: &Manifest, mut declared: impl Iterator<Item = Channel>, id: &str) -> Option<Channel> {
    let mut named = manifest.channels.iter().filter(|channel| *channel != EVERY_CHANNEL);
    named.find_map(|channel| Channel::new(channel).ok()).or_else(|| declared.next()).or(Channel::new(id).ok())
}

/// The methods that a start may use, in the order of trying.
fn candidates<'a>(
    application: &'a Application,
    asked: Option<&'a Method>,
) -> Result<Vec<&'a Method>, VerifyError> {
    let Some(asked) = asked else {
        let preferred = application.preferred.iter();
        let others =
            application.methods.iter().filter(|method| application.preferred.as_ref() != Some(method));
        return Ok(preferred.chain(others).collect());
    };
    if application.methods.contains(asked) {
        return Ok(vec![asked]);
    }
    let detail = format!("application `{}` does not offer `{asked}`", application.id);
    Err(VerifyError::Unavailable(vec![Refusal::new(asked, "not_offered", detail)]))
}

/// WhatsApp's templates for codes are Meta's and say neither amount nor payee (T42, T43).
fn without_payments(method: &Method) -> Refusal {
    let detail = "WhatsApp cannot say `amount` and `payee`, which whoever approves a payment must read";
    Refusal::new(method, "payment_unsupported", detail)
}

fn wants_a_word(lanes: &[Arc<Lane>]) -> bool {
    lanes.iter().any(|lane| lane.judges_members())
}

/// Leaves out the providers that say they do not reach the member; the first one's words if none remains.
async fn vetted(mut offer: Offer, lanes: Vec<Arc<Lane>>, member: Member) -> Result<Offer, Refusal> {
    let mut refusal = None;
    for lane in lanes.iter().filter(|lane| lane.judges_members()) {
        let candidate = Candidate::new(member.clone(), offer.channel.clone(), offer.recipient.clone());
        let answer = lane.availability(candidate).await;
        if !answer.available {
            offer.providers.retain(|id| id != lane.id());
            refusal.get_or_insert_with(|| Refusal::by_provider(&offer, lane.id(), answer));
        }
    }
    match refusal {
        Some(refusal) if offer.providers.is_empty() => Err(refusal),
        _ => Ok(offer),
    }
}

fn member_of(person: &Person) -> Member {
    match person {
        Person::Member(member) => member.clone(),
        Person::To(_) => Member::default(),
    }
}

/// Sorts the judgements; whoever was asked and never answered is not available.
fn sorted(application: &Application, judged: Vec<Option<Result<Offer, Refusal>>>) -> Methods {
    let (mut offers, mut refusals) = (Vec::new(), Vec::new());
    for (method, judgement) in application.methods.iter().zip(judged) {
        match judgement {
            Some(Ok(offer)) => offers.push(offer),
            Some(Err(refusal)) => refusals.push(refusal),
            None => refusals.push(Refusal::new(method, "provider_unavailable", "provider not answering")),
        }
    }
    offers.sort_by_key(|offer| !offer.preferred);
    Methods { offers, refusals }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::application::{Bounds, Policy, TestRecipients};
    use provider_api::Recipient;

    fn application(preferred: Option<&str>) -> Application {
        let methods = ["email:code", "sms:code", "call:code"].map(|method| method.parse().unwrap()).to_vec();
        let preferred = preferred.map(|method| method.parse().unwrap());
        Application {
            id: "web".to_owned(),
            keys: Vec::new(),
            methods,
            preferred,
            policy: Policy::default(),
            bounds: Bounds::default(),
            test_recipients: TestRecipients::default(),
            senders: Vec::new(),
            events: crate::application::Events::default(),
            limits: crate::limit::Rules::off(),
            service_sid: None,
        }
    }

    fn offer(application: &Application, place: usize) -> Offer {
        let method = application.methods[place].clone();
        Offer {
            channel: Channel::new(&method.target).unwrap(),
            preferred: application.preferred.as_ref() == Some(&method),
            method,
            recipient: Recipient::new("x"),
            is_phone: false,
            providers: vec!["one".to_owned()],
        }
    }

    /// T42
    #[test]
    fn whatsapp_says_why_it_takes_no_payment() {
        let refusal = without_payments(&"whatsapp:code".parse().unwrap());
        assert_eq!(refusal.reason, "payment_unsupported");
    }

    /// S37
    #[test]
    fn the_preferred_method_comes_first_and_the_silent_one_is_refused() {
        let application = application(Some("sms:code"));
        let judged = vec![Some(Ok(offer(&application, 0))), Some(Ok(offer(&application, 1))), None];
        let methods = sorted(&application, judged);
        let offered: Vec<String> = methods.offers.iter().map(|offer| offer.method.to_string()).collect();
        assert_eq!(offered, ["sms:code", "email:code"]);
        assert_eq!(methods.refusals[0].detail, "provider not answering");
    }

    #[test]
    fn a_start_tries_the_method_asked_for_else_the_preferred_one_first() {
        let tried = |preferred: Option<&str>, asked: Option<&str>| {
            let asked = asked.map(|method| method.parse().unwrap());
            let application = application(preferred);
            candidates(&application, asked.as_ref())
                .map(|methods| methods.iter().map(ToString::to_string).collect::<Vec<_>>())
                .map_err(|error| format!("{error:?}"))
        };
        assert_eq!(tried(None, None).unwrap(), ["email:code", "sms:code", "call:code"]);
        assert_eq!(tried(Some("call:code"), None).unwrap(), ["call:code", "email:code", "sms:code"]);
        assert_eq!(tried(Some("call:code"), Some("sms:code")).unwrap(), ["sms:code"]);
        assert!(tried(None, Some("rcs:code")).unwrap_err().contains("not_offered"));
    }

    #[test]
    fn a_method_that_names_a_provider_travels_its_channel() {
        let channel = |served: &[&str], declared: &[&str]| {
            let mut manifest = Manifest::default();
            manifest.channels = served.iter().map(|&word| word.to_owned()).collect();
            let declared = declared.iter().map(|word| Channel::new(word).unwrap());
            channel_of(&manifest, declared, "dry_run").unwrap().to_string()
        };
        assert_eq!(channel(&["sms", "call"], &["email"]), "sms");
        assert_eq!(channel(&["*"], &["email"]), "email");
        assert_eq!(channel(&["*"], &[]), "dry_run");
    }
}
