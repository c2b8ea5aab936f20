//! What a value of a request may be, as the OpenAPI document says it (specification §1).
//!
//! The readers in [`form`](super::form) describe themselves with these types; the feature `openapi` turns them into the document's.

#[cfg(feature = "openapi")]
mod openapi;

/// A type whose values are read from text and that knows which texts those are.
pub trait HasSchema {
    /// The texts it is read from.
    fn schema() -> Schema;
}

/// What one value may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    /// Its type and bounds.
    pub kind: SchemaKind,
    /// Whether null is a value too.
    pub nullable: bool,
    /// What it means.
    pub description: Option<&'static str>,
    /// A value a client could send.
    pub example: Option<serde_json::Value>,
}

/// Type and bounds of a value; all bounds are inclusive.
#[derive(Clone, Debug, PartialEq)]
pub enum SchemaKind {
    /// Text.
    Text(TextRules),
    /// A whole number.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
        /// The only ones; empty when every number within the bounds will do.
        one_of: Vec<i64>,
    },
    /// A number.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// `true` or `false`.
    Boolean,
    /// A list.
    List {
        /// One entry.
        items: Box<Schema>,
        /// Fewest entries.
        min: usize,
        /// Most entries.
        max: usize,
    },
    /// An object with these members.
    Object {
        /// What it may hold.
        members: Vec<Member>,
        /// Whether it may hold others, which are ignored.
        open: bool,
    },
    /// An object of the caller's own making.
    FreeObject,
    /// Any value.
    Any,
    /// Exactly one of these.
    OneOf(Vec<Schema>),
}

/// Bounds of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextRules {
    /// Fewest characters.
    pub min: usize,
    /// Most characters.
    pub max: Option<usize>,
    /// A regular expression (ECMA 262) it matches.
    pub pattern: Option<String>,
    /// A format name of JSON Schema.
    pub format: Option<&'static str>,
    /// The only ones; empty when every text within the bounds will do.
    pub one_of: Vec<&'static str>,
}

/// A member of an object, or a parameter of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Whether it has to be given.
    pub required: bool,
    /// What it may be.
    pub schema: Schema,
}

impl Schema {
    /// A value of this kind, never null.
    pub const fn new(kind: SchemaKind) -> Self {
        Self { kind, nullable: false, description: None, example: None }
    }

    /// Any text.
    pub fn text() -> Self {
        Self::new(SchemaKind::Text(TextRules::default()))
    }

    /// One of these texts.
    pub fn one_of(texts: impl IntoIterator<Item = &'static str>) -> Self {
        Self::new(SchemaKind::Text(TextRules { one_of: texts.into_iter().collect(), ..TextRules::default() }))
    }

    fn with_text(mut self, change: impl FnOnce(&mut TextRules)) -> Self {
        if let SchemaKind::Text(text) = &mut self.kind {
            change(text);
        }
        self
    }

    /// The text matches this regular expression.
    #[must_use]
    pub fn pattern(self, pattern: impl Into<String>) -> Self {
        self.with_text(|text| text.pattern = Some(pattern.into()))
    }

    /// The text has this format.
    #[must_use]
    pub fn format(self, format: &'static str) -> Self {
        self.with_text(|text| text.format = Some(format))
    }

    /// The text has at least `min` characters.
    #[must_use]
    pub fn min_length(self, min: usize) -> Self {
        self.with_text(|text| text.min = min)
    }

    /// The text has at most `max` characters.
    #[must_use]
    pub fn max_length(self, max: usize) -> Self {
        self.with_text(|text| text.max = Some(max))
    }

    /// Says what the value means.
    #[must_use]
    pub fn description(mut self, description: &'static str) -> Self {
        self.description = Some(description);
        self
    }

    /// Gives a value a client could send.
    #[must_use]
    pub fn example(mut self, example: serde_json::Value) -> Self {
        self.example = Some(example);
        self
    }

    /// Null is a value too.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The members of an object; none for any other kind.
    pub fn into_members(self) -> Vec<Member> {
        match self.kind {
            SchemaKind::Object { members, .. } => members,
            _ => Vec::new(),
        }
    }
}

/// A pattern that matches these words in upper, lower and mixed case.
pub(crate) fn any_case(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| any_case_word(word)).collect();
    format!("^(?:{})$", words.join("|"))
}

/// A part of a pattern that matches this word in upper, lower and mixed case.
pub(crate) fn any_case_word(word: &str) -> String {
    let any_case = |c: char| match c {
        'A'..='Z' | 'a'..='z' => format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase()),
        other => other.to_string(),
    };
    word.chars().map(any_case).collect()
}

/// Says which texts a type is read from: by rules of [`Schema`], applied to any text.
macro_rules! text_schema {
    ($type:ty, $($rule:ident($value:expr)),+) => {
        impl crate::values::schema::HasSchema for $type {
            fn schema() -> crate::values::schema::Schema {
                crate::values::schema::Schema::text()$(.$rule($value))+
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                <$type as crate::values::schema::HasSchema>::schema().into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $type {}
    };
}

pub(crate) use text_schema;
