//! `--allow`, `--warn` and `--deny`, in the order in which they are given.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use fwdsl_runtime::lint::{LINTS, Level, LevelSetting};

/// The levels that the command line sets; of several for one lint the last counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Levels(Vec<(&'static str, Level)>);

impl Levels {
    pub(crate) fn settings(&self) -> impl Iterator<Item = LevelSetting> {
        self.0.iter().map(|(lint, level)| LevelSetting { lint: (*lint).to_owned(), level: *level })
    }
}

impl Args for Levels {
    fn augment_args(command: Command) -> Command {
        let about = |level| match level {
            Level::Allow => "Do not tell what this lint finds",
            Level::Warn => "Tell what this lint finds; the exit code does not",
            Level::Deny => "Tell what this lint finds as an error, with exit code 1",
        };
        Level::ALL.into_iter().fold(command, |command, level| {
            let names = LINTS.iter().map(|lint| lint.name).collect::<Vec<_>>();
            let argument = Arg::new(level.name()).long(level.name()).value_name("LINT").help(about(level));
            command.arg(argument.action(ArgAction::Append).hide_possible_values(true).value_parser(names))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Levels::augment_args(command)
    }
}

impl FromArgMatches for Levels {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Levels, Error> {
        let mut placed = Vec::new();
        for level in Level::ALL {
            let names = matches.get_many::<String>(level.name()).into_iter().flatten();
            for (place, name) in matches.indices_of(level.name()).into_iter().flatten().zip(names) {
                placed.extend(
                    LINTS.iter().find(|lint| lint.name == name).map(|lint| (place, lint.name, level)),
                );
            }
        }
        placed.sort_by_key(|(place, ..)| *place);
        Ok(Levels(placed.into_iter().map(|(_, lint, level)| (lint, level)).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.extend(Levels::from_arg_matches(matches)?.0);
        Ok(())
    }
}
