//! The calls of the story: what the demo's people do in the month.

use domain::values::moment::Moment;
use http::Method;
use serde_json::{Value, json};

use super::Month;
use super::content::{Person, Step};
use crate::Error;

impl Month {
    /// Makes a call of the story.
    pub(super) async fn step(&mut self, step: &Step) -> Result<(), Error> {
        if let Some(receiver) = step.call.strip_prefix("END ") {
            self.receivers.end(receiver);
            return Ok(());
        }
        let (method, path) = step.request(self.simulation.handle())?;
        let path = path.split('/').map(|part| self.filled_text(part)).collect::<Result<Vec<_>, _>>()?.join("/");
        let body = self.filled(&step.body)?;
        let answer = self.simulation.ask(step.by, method, path, &body).await?;
        let status = answer.status.as_u16();
        let is_expected = if step.answers.is_empty() { answer.status.is_success() } else { step.answers.contains(&status) };
        if !is_expected {
            return Err(Error::Failed(format!("the demo's {} on day {} ({status}: {})", step.call, step.day, answer.json())));
        }
        if let Some(name) = &step.keep {
            self.kept.insert(name.clone(), answer.json());
        }
        Ok(())
    }

    /// Moves the endpoints to receivers that stay; a subscription that was disabled stays as it is.
    pub(super) async fn move_endpoints(&mut self) -> Result<(), Error> {
        let Some(hooks) = self.options.hooks.clone() else { return Ok(()) };
        for name in self.receivers.lasting() {
            let id = self.kept.get(name).and_then(|kept| kept.get("subscriptionId")).and_then(Value::as_str);
            let Some(path) = id.map(|id| format!("/v2/handles/{}/webhooks/{id}", self.simulation.handle())) else { continue };
            let body = json!({"endpointUrl": format!("{hooks}/{name}")});
            let answer = self.simulation.ask(Person::Operator, Method::PUT, path, &body).await?;
            if !answer.status.is_success() {
                return Err(Error::Failed(format!("moving the demo's endpoint {name} ({}: {})", answer.status, answer.json())));
            }
        }
        Ok(())
    }

    /// A body with its placeholders filled: `{handle}`, `{day 9 00:00}` for a moment of the story, `{receiver crm}` for the address of a
    /// receiver, and `{crm.subscriptionId}` for a member of an answer that was kept.
    fn filled(&self, body: &Value) -> Result<Value, Error> {
        Ok(match body {
            Value::String(text) => Value::String(self.filled_text(text)?),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.filled(item)).collect::<Result<_, _>>()?),
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| Ok((name.clone(), self.filled(value)?)));
                Value::Object(members.collect::<Result<_, Error>>()?)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => body.clone(),
        })
    }

    fn filled_text(&self, text: &str) -> Result<String, Error> {
        let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else { return Ok(text.to_owned()) };
        let filled = match name.split_once(' ') {
            Some(("day", moment)) => self.moment(moment),
            Some(("receiver", receiver)) => self.receivers.url(receiver),
            Some(_) => None,
            None if name == "handle" => Some(self.simulation.handle().to_owned()),
            None => name.split_once('.').and_then(|(kept, member)| Some(self.kept.get(kept)?.get(member)?.as_str()?.to_owned())),
        };
        filled.ok_or_else(|| Error::Failed(format!("the story's {text}")))
    }

    fn moment(&self, text: &str) -> Option<String> {
        let (day, time) = text.split_once(' ')?;
        let (hour, minute) = time.split_once(':')?;
        let (day, hour, minute): (f64, f64, f64) = (day.parse().ok()?, hour.parse().ok()?, minute.parse().ok()?);
        Some(Moment::from_millis(self.calendar.at(day - 1.0 + (hour + minute / 60.0) / 24.0)).to_string())
    }
}
