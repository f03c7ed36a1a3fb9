//! Places in the policy's source. A part that has none of its own stands where the part stands that it is in.

use serde_json::Value;

use super::node::{Fields, Node, Reading};
use super::object::Object;
use crate::loc::{Expansion, Loc, Sources};

/// What places in a document speak of.
#[derive(Debug, Default)]
pub(super) struct Places {
    files: Vec<String>,
    expansions: usize,
}

/// Writes places.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) sources: &'a Sources,
}

impl Writer<'_> {
    /// A place, if it is another than that of the part around.
    pub(super) fn loc(self, loc: Loc, around: Loc) -> Option<Value> {
        let same = loc.line == around.line && loc.file == around.file && loc.origin == around.origin;
        (!same).then(|| {
            Object::default()
                .if_any("file", self.sources.file_of(loc))
                .with("line", loc.line)
                .maybe("expansion", loc.origin.checked_sub(1))
                .into()
        })
    }

    /// The files, and the templates and fragments.
    pub(super) fn sources(self) -> Value {
        let mut object = Object::default().with("files", self.sources.files.clone());
        object = object.list("expansions", &self.sources.expansions, |expansion| {
            Object::default()
                .with("what", expansion.what.as_str())
                .maybe("call", self.loc(expansion.call, Loc::default()))
                .into()
        });
        object.into()
    }
}

/// Reads the files, and the templates and fragments.
pub(super) fn read_sources(node: &Node<'_>, reading: &mut Reading) -> Option<Sources> {
    let fields = node.fields(&["files", "expansions"], reading)?;
    let files = fields.each("files", reading, |file, reading| file.text(reading).map(str::to_owned))?;
    reading.places = Places { files: files.clone(), expansions: 0 };
    let expansions = fields.each("expansions", reading, |node, reading| {
        let fields = node.fields(&["what", "call"], reading)?;
        let what = fields.text("what", reading)?;
        // Each was called from the policy or from an earlier one, so that the way back comes to an end.
        let call = read_loc(&fields, "call", Loc::default(), reading)?;
        reading.places.expansions += 1;
        Some(Expansion { what, call })
    })?;
    Some(Sources { files, expansions })
}

/// Reads the place in the field `name`; that of the part around if there is none.
pub(super) fn read_loc(
    fields: &Fields<'_>,
    name: &'static str,
    around: Loc,
    reading: &mut Reading,
) -> Option<Loc> {
    let Some(node) = fields.optional(name) else { return Some(around) };
    let fields = node.fields(&["file", "line", "expansion"], reading)?;
    let file = match fields.optional("file") {
        Some(node) => read_file(&node, reading)?,
        None => 0,
    };
    let line = fields.number("line", reading)?;
    let origin = match fields.optional("expansion") {
        Some(node) => read_expansion(&node, reading)?,
        None => 0,
    };
    Some(Loc { file, origin, ..Loc::line(line) })
}

fn read_file(node: &Node<'_>, reading: &mut Reading) -> Option<u16> {
    let name = node.text(reading)?;
    let place = reading.places.files.iter().position(|file| file == name);
    match place.map(u16::try_from) {
        Some(Ok(number)) => Some(number),
        Some(Err(_)) => reading.fail(node, "a policy has at most 65536 files", None),
        None => {
            let help = "`$.sources.files` names every file".to_owned();
            reading.fail(node, format!("unknown file `{name}`"), Some(help))
        }
    }
}

fn read_expansion(node: &Node<'_>, reading: &mut Reading) -> Option<u32> {
    let index: u32 = node.number(reading)?;
    if (index as usize) < reading.places.expansions {
        return Some(index + 1);
    }
    reading.fail(node, format!("there is no expansion {index} before this"), None)
}
