//! A JSON list of symbols comes in, elements go out.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

use crate::chem::element::Element;

/// A list of symbols, read without making a text of each.
pub(super) struct Species(pub(super) Vec<Element>);

struct Symbol(Element);

impl<'de> Deserialize<'de> for Symbol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsText;
        impl Visitor<'_> for AsText {
            type Value = Symbol;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an element's symbol")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Symbol, E> {
                text.parse().map(Symbol).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(AsText)
    }
}

impl<'de> Deserialize<'de> for Species {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsList;
        impl<'de> Visitor<'de> for AsList {
            type Value = Species;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of symbols")
            }

            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Species, A::Error> {
                let mut elements = Vec::new();
                while let Some(Symbol(element)) = list.next_element()? {
                    elements.push(element);
                }
                Ok(Species(elements))
            }
        }
        deserializer.deserialize_seq(AsList)
    }
}
