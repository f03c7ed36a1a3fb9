//! What a program tells of its command line: completions for shells, and manual pages. For the command line of
//! provisioning binaries and for the program `fwdsl` alone.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

/// The arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// The arguments of `man`.
#[derive(Debug, Args)]
pub struct ManArguments {
    /// The command whose page is wanted, instead of the program's own
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    command: Option<String>,
    /// Write the page of the program and those of all its commands into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// The name under which this program was started, without its directories.
#[must_use]
pub fn program_name() -> String {
    let path = std::env::args_os().next().unwrap_or_default();
    Path::new(&path).file_name().unwrap_or(OsStr::new("fwdsl")).to_string_lossy().into_owned()
}

/// The script that makes a shell complete the program's arguments.
#[must_use]
pub fn completions(definition: &Command, program: &str, arguments: &CompletionsArguments) -> String {
    match arguments.shell {
        Shell::Bash => bash_completions(definition, program),
        shell => generated(shell, definition, program),
    }
}

/// clap_complete 4.6 takes a hyphen in the program's name for the border between a command and its subcommand, and bash then
/// completes the arguments of none. So it gets a name without, and the program's own stands where bash is told it.
fn bash_completions(definition: &Command, program: &str) -> String {
    let plain: String =
        program.chars().map(|char| if char.is_ascii_alphanumeric() { char } else { '_' }).collect();
    let script = generated(Shell::Bash, definition, &plain);
    let renamed = |line: &str| match line.trim_start().strip_prefix("complete ") {
        Some(_) => line.strip_suffix(&plain).map(|line| format!("{line}{program}\n")),
        None => None,
    };
    script.lines().map(|line| renamed(line).unwrap_or_else(|| format!("{line}\n"))).collect()
}

fn generated(shell: Shell, definition: &Command, program: &str) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut named(definition, program), program, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The page that was asked for; where it went to a file, nothing.
///
/// # Errors
/// If there is no such command, or a file cannot be written.
pub fn man(
    definition: &Command,
    program: &str,
    section: &str,
    arguments: &ManArguments,
) -> io::Result<String> {
    let mut whole = named(definition, program);
    whole.build();
    if let Some(dir) = &arguments.dir {
        for command in [&whole].into_iter().chain(commands(&whole)) {
            let path = dir.join(format!("{}.{section}", page_name(command)));
            put(&path, &page(command, section)?)
                .map_err(|error| io::Error::new(error.kind(), format!("`{}`: {error}", path.display())))?;
        }
        return Ok(String::new());
    }
    let wanted = match &arguments.command {
        None => &whole,
        Some(name) => commands(&whole).find(|command| command.get_name() == name).ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!("there is no command `{name}`"))
        })?,
    };
    page(wanted, section)
}

/// Writes the file anew, so that a link in its place leads nowhere.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("fwdsl-new");
    if let Err(error) = fs::remove_file(&new)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = File::create_new(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// The definition, under the name that the program has.
fn named(definition: &Command, program: &str) -> Command {
    definition.clone().name(program.to_owned()).bin_name(program.to_owned()).display_name(program.to_owned())
}

/// All commands but `help`, which the pages take the place of.
fn commands(whole: &Command) -> impl Iterator<Item = &Command> {
    whole.get_subcommands().filter(|command| command.get_name() != "help")
}

/// As it is named in the page of the program: `my-host-apply`.
fn page_name(command: &Command) -> &str {
    command.get_display_name().unwrap_or(command.get_name())
}

fn page(command: &Command, section: &str) -> io::Result<String> {
    let mut page = Vec::new();
    let command = command.clone().name(page_name(command).to_owned());
    // Without a date the version would stand in its place.
    Man::new(command).section(section).date(" ").manual("fwdsl").render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}
