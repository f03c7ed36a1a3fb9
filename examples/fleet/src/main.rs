//! One provisioning binary for all hosts of a site. It knows a host by its name, or by the role that is told it.
//!
//! `deploy/` holds what runs it: a playbook of Ansible, user data of cloud-init, a container image.

mod common;
mod database;
mod refuge;
mod web;

use fwdsl::cli::Member;

fn main() -> std::process::ExitCode {
    fwdsl::cli::run_fleet(&[
        Member::new("web", &web::HOST).hosts(&["web-*", "www.example.org"]).roles(&["frontend"]),
        Member::new("database", &database::HOST).hosts(&["db-?", "db-??"]).roles(&["database"]),
        Member::new("refuge", &refuge::HOST).otherwise(),
    ])
}
