//! Any text that is taken as dumps of either family, or of both, is written as Rust source, which is read back and emitted
//! as the same rules before it is given out.

#![no_main]

use fwdsl_runtime::import::{Unknown, import_both};
use fwdsl_runtime::source::{SourceOptions, write_rust};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let dump = Some((text, "text"));
    for (ipv4, ipv6) in [(dump, None), (None, dump), (dump, dump)] {
        let Ok(imported) = import_both(ipv4, ipv6, Unknown::Raw) else { continue };
        if let Err(error) = write_rust(&imported.model, &SourceOptions::default()) {
            panic!("{error}\n{text}");
        }
        // It keeps all that was ever read.
        proc_macro2::extra::invalidate_current_thread_spans();
    }
});
