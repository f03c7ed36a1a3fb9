//! Sysctls: keys that the kernel has, values that it takes.

use crate::diagnostic::Diagnostic;
use crate::model::Model;
use crate::sysctl::catalogue;

pub(super) fn check_sysctls(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    for (index, setting) in model.sysctls().iter().enumerate() {
        let (key, value) = (&setting.value.key, &setting.value.value);
        let first = model.sysctls()[..index].iter().find(|first| first.value.key == *key);
        if let Some(first) = first {
            let message = format!("`{key}` is set twice");
            diagnostics.push(Diagnostic::error(setting.loc, message).note("first set here", Some(first.loc)));
        }
        match catalogue::find(key) {
            Ok(entry) => {
                if setting.rust_value.is_none()
                    && let Err(error) = entry.check_value(value)
                {
                    diagnostics.push(Diagnostic::error(setting.value_loc, error.to_string()));
                }
            }
            Err(unknown) => {
                let help = unknown.nearest.map(|name| format!("did you mean `{name}`?"));
                let message = format!("unknown sysctl key `{key}`");
                diagnostics.push(Diagnostic::error(setting.loc, message).maybe_help(help));
            }
        }
    }
}
