//! The calls of the story: what the demo's people do in the month.

use domain::values::moment::Moment;
use serde_json::Value;

use super::Month;
use super::content::Step;
use crate::Error;

impl Month {
    /// Makes a call of the story.
    pub(super) async fn step(&mut self, step: &Step) -> Result<(), Error> {
        let (method, path) = step.request(self.world.handle())?;
        let body = self.filled(&step.body)?;
        let answer = self.world.ask(step.by, method, path, &body).await?;
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

    /// A body with its placeholders filled: `{handle}`, and `{day 9 00:00}` for a moment of the story.
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
        if text == "{handle}" {
            return Ok(self.world.handle().to_owned());
        }
        let Some(moment) = text.strip_prefix("{day ").and_then(|rest| rest.strip_suffix('}')) else { return Ok(text.to_owned()) };
        let parts = moment.split_once(' ').and_then(|(day, time)| Some((day.parse::<f64>().ok()?, time.split_once(':')?)));
        let time = parts.and_then(|(day, (hour, minute))| Some((day, hour.parse::<f64>().ok()?, minute.parse::<f64>().ok()?)));
        let (day, hour, minute) = time.ok_or_else(|| Error::Failed(format!("the story's moment {text}")))?;
        Ok(Moment::from_millis(self.calendar.at(day - 1.0 + (hour + minute / 60.0) / 24.0)).to_string())
    }
}
