//! The visits of a day: people, programs that are recognised as such, and the bursts of a click farm.

use std::net::IpAddr;

use super::calendar::{Calendar, DAY_MS, count, days_ms, millis, same, whole};
use super::content::{Agent, Bot, Country, LinkTraffic, Referrer, Traffic};
use super::orders::Order;
use super::random::Random;

/// People who follow the same link within some seconds, at most, and how long that takes, in milliseconds.
const MAX_GROUP: i64 = 6;
pub(super) const GROUP_MS: i64 = 4_500;

/// A visit of a link.
pub(super) struct Visit {
    pub(super) slug: String,
    /// The query, without `?`.
    pub(super) query: Vec<String>,
    pub(super) from: IpAddr,
    pub(super) headers: Vec<(&'static str, String)>,
    /// The currency of what the visitor buys.
    pub(super) currency: String,
    /// The order that follows.
    pub(super) order: Option<Order>,
}

impl Visit {
    /// Path and query.
    pub(super) fn path(&self) -> String {
        if self.query.is_empty() { self.slug.clone() } else { format!("{}?{}", self.slug, self.query.join("&")) }
    }
}

/// Makes the visits of one day.
pub(super) struct DayPlan<'a> {
    pub(super) traffic: &'a Traffic,
    pub(super) calendar: Calendar,
    pub(super) day: usize,
    pub(super) random: Random,
}

impl<'a> DayPlan<'a> {
    /// The visits of `people` people.
    pub(super) fn people(&mut self, people: usize) -> Vec<(i64, Visit)> {
        let mut visits = Vec::new();
        while visits.len() < people {
            let at = self.moment();
            let Some(link) = self.link(at) else { break };
            // A post or a letter is opened by several people within seconds.
            let group = usize::try_from(self.random.between(1, MAX_GROUP)).unwrap_or(1).min(people - visits.len());
            for place in 0..group {
                let later = if place == 0 { 0 } else { self.random.between(300, GROUP_MS) };
                visits.extend(self.person(link).map(|visit| (at + later, visit)));
            }
        }
        visits
    }

    /// The visits of `programs` programs.
    pub(super) fn programs(&mut self, programs: usize) -> Vec<(i64, Visit)> {
        (0..programs).filter_map(|_| self.program()).collect()
    }

    fn person(&mut self, link: &'a LinkTraffic) -> Option<Visit> {
        let traffic = self.traffic;
        let home = link.country.as_deref().filter(|_| self.random.hits(0.8));
        let country: &Country = match home {
            Some(code) => traffic.countries.iter().find(|country| country.code == code)?,
            None => self.random.pick_by(&traffic.countries, |country| country.visitors)?,
        };
        let agent: &Agent = self.random.pick_by(&traffic.agents, |agent| agent.visitors)?;
        let mut visit = Visit {
            slug: link.slug.clone(),
            query: Vec::new(),
            from: self.random.address(),
            headers: vec![
                ("user-agent", agent.agent.clone()),
                ("accept-language", country.language.clone()),
                ("cloudfront-viewer-country", country.code.clone()),
            ],
            currency: link.currency.clone().filter(|_| self.random.hits(0.85)).unwrap_or_else(|| country.currency.clone()),
            order: None,
        };
        self.came_from(link, &mut visit);
        if self.random.hits(0.03) {
            visit.headers.push(("sec-gpc", "1".to_owned()));
        }
        Some(visit)
    }

    /// Adds the referrer, or the source that the address names.
    fn came_from(&mut self, link: &'a LinkTraffic, visit: &mut Visit) {
        let usual = link.referrer.as_deref().filter(|_| self.random.hits(0.75));
        let traffic = self.traffic;
        match usual {
            Some("email") => visit.query.push("source=newsletter".to_owned()),
            Some(referrer) => visit.headers.push(("referer", referrer.to_owned())),
            None => {
                let Some(Referrer { referrer, source, .. }) = self.random.pick_by(&traffic.referrers, |referrer| referrer.visitors) else {
                    return;
                };
                visit.query.extend(source.iter().map(|source| format!("source={source}")));
                visit.headers.extend(referrer.iter().map(|referrer| ("referer", referrer.clone())));
            }
        }
    }

    fn program(&mut self) -> Option<(i64, Visit)> {
        let at = self.moment();
        let link = self.link(at)?;
        let traffic = self.traffic;
        let bot: &Bot = self.random.pick_by(&traffic.bots, |bot| bot.share)?;
        let country = self.random.pick_by(&traffic.countries, |country| country.visitors)?;
        let mut headers = vec![("cloudfront-viewer-country", country.code.clone())];
        if bot.reason != "no_accept_language" {
            headers.push(("accept-language", "en-US,en;q=0.9".to_owned()));
        }
        if bot.reason == "prefetch" {
            headers.push(("sec-purpose", "prefetch;prerender".to_owned()));
        }
        let agent = self.random.pick(&bot.agents)?;
        if !agent.is_empty() {
            headers.push(("user-agent", agent.clone()));
        }
        let from = self.random.address();
        Some((at, Visit { slug: link.slug.clone(), query: Vec::new(), from, headers, currency: country.currency.clone(), order: None }))
    }

    /// The bursts of the click farm that begin on this day.
    pub(super) fn farm(&mut self, clicks: f64) -> Vec<(i64, Visit)> {
        let farm = &self.traffic.farm;
        let bursts = whole(farm.share * clicks / count(farm.burst)).max(1);
        let days = (farm.until - farm.from + 1.0) * days_ms(self.calendar.pace());
        let (begin, end) = (self.calendar.start_of(self.day), self.calendar.start_of(self.day + 1));
        let mut visits = Vec::new();
        for burst in 0..bursts {
            // Evenly over the days of the farm, so that each burst belongs to one day.
            let at = self.calendar.at(farm.from - 1.0) + millis(days * (count(burst) + 0.5) / count(bursts));
            if (begin..end).contains(&at) {
                visits.extend(self.burst(at, burst));
            }
        }
        visits
    }

    /// The walk of a crawler over one link after the other, if it comes on this day.
    pub(super) fn crawl(&mut self) -> Vec<(i64, Visit)> {
        let crawl = &self.traffic.crawl;
        if !crawl.days.iter().any(|day| same(*day, self.calendar.story_day(self.day))) {
            return Vec::new();
        }
        let (at, from) = (self.moment(), self.random.address());
        let always = self.traffic.links.iter().filter(|link| link.from.is_none() && link.until.is_none());
        let visit = |(place, link): (usize, &LinkTraffic)| {
            let headers = vec![
                ("user-agent", crawl.agent.clone()),
                ("accept-language", "en".to_owned()),
                ("cloudfront-viewer-country", "NL".to_owned()),
            ];
            let visit = Visit { slug: link.slug.clone(), query: Vec::new(), from, headers, currency: "EUR".to_owned(), order: None };
            (at + millis(count(place) * 400.0), visit)
        };
        always.enumerate().map(visit).collect()
    }

    fn burst(&mut self, at: i64, number: usize) -> Vec<(i64, Visit)> {
        let farm = &self.traffic.farm;
        let network = u8::try_from(number % farm.networks.max(1)).unwrap_or_default();
        let country = farm.countries.get(number % farm.countries.len().max(1)).cloned().unwrap_or_default();
        let is_claimed = number < farm.orders;
        let visit = |random: &mut Random, place: usize| {
            let host = u8::try_from(random.between(1, 250)).unwrap_or(1);
            let visit = Visit {
                slug: farm.slug.clone(),
                query: Vec::new(),
                from: IpAddr::from([103, 21, network, host]),
                headers: vec![
                    ("user-agent", farm.agent.clone()),
                    ("accept-language", "en-US,en;q=0.9".to_owned()),
                    ("cloudfront-viewer-country", country.clone()),
                ],
                currency: "EUR".to_owned(),
                order: (is_claimed && place == 0).then(|| Order::claimed(number)),
            };
            (at + millis(count(place) * 8_000.0 / count(farm.burst)), visit)
        };
        (0..farm.burst).map(|place| visit(&mut self.random, place)).collect()
    }

    /// A moment of the day, by the weights of its hours; on the first day after everything is set up.
    fn moment(&mut self) -> i64 {
        let traffic = self.traffic;
        let hours: Vec<(usize, f64)> = traffic.hours.iter().copied().enumerate().collect();
        let hour = self.random.pick_by(&hours, |(_, weight)| *weight).map_or(0, |(hour, _)| *hour);
        let within = self.random.between(0, DAY_MS / 24 - 1);
        let at = self.calendar.start_of(self.day) + i64::try_from(hour).unwrap_or_default() * DAY_MS / 24 + within;
        let opened = self.calendar.at(0.3);
        // The rest of the first day instead of the hours before.
        if at >= opened { at } else { opened + self.random.between(0, self.calendar.start_of(1) - opened - 1) }
    }

    /// The link of a visit at this moment.
    fn link(&mut self, at: i64) -> Option<&'a LinkTraffic> {
        let calendar = self.calendar;
        let is_open = |link: &LinkTraffic| {
            link.from.is_none_or(|from| at >= calendar.at(from - 1.0)) && link.until.is_none_or(|until| at < calendar.at(until))
        };
        let traffic = self.traffic;
        self.random.pick_by(&traffic.links, |link| if is_open(link) { link.clicks * link.boost } else { 0.0 })
    }
}
