//! placeholder while the recogniser is written
/// x
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device { /// m
 Mobile, /// m
 Tablet, /// m
 Desktop, /// m
 Bot, /// m
 Unknown }
impl Device { /// x
 pub fn as_str(self) -> &'static str { match self { Self::Mobile => "MOBILE", Self::Tablet => "TABLET", Self::Desktop => "DESKTOP", Self::Bot => "BOT", Self::Unknown => "UNKNOWN" } } }
impl std::str::FromStr for Device { type Err = &'static str; fn from_str(t: &str) -> Result<Self, Self::Err> { [Self::Mobile, Self::Tablet, Self::Desktop, Self::Bot, Self::Unknown].into_iter().find(|d| d.as_str().eq_ignore_ascii_case(t)).ok_or("must be MOBILE, TABLET, DESKTOP, BOT or UNKNOWN") } }
