//! Edits without a kernel: what is loaded, and that it leads where it says.

use super::super::goal::PlacedRule;
use super::*;
use crate::restore_text::{normal_table, parse};

const NOW: &str = "*filter\n:INPUT DROP [7:7]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:DOCKER - [0:0]\n\
    :f2b - [0:0]\n:fwdsl-INPUT - [0:0]\n:web - [0:0]\n[3:3] -A INPUT -j f2b\n[2:2] -A INPUT -j fwdsl-INPUT\n\
    [1:1] -A INPUT -i lo -j ACCEPT\n[5:5] -A f2b -s 192.0.2.1/32 -j DROP\n[9:9] -A fwdsl-INPUT -j web\n\
    [4:4] -A web -j ACCEPT\nCOMMIT\n";

fn table(text: &str) -> SavedTable {
    parse(text).unwrap().tables.remove(0)
}

fn goal(place: Place) -> Goal {
    let mut goal = Goal::new("filter");
    goal.chains = table("*filter\n:fwdsl-INPUT - [0:0]\n-A fwdsl-INPUT -j DROP\nCOMMIT\n");
    goal.absent.push("web".to_owned());
    let rule = "-A INPUT -j fwdsl-INPUT".to_owned();
    let shared = goal.shared("INPUT");
    shared.ours.push(rule.clone());
    shared.wanted.push(PlacedRule { rule, counters: None, place });
    goal
}

fn edited(now: &SavedTable, goal: &Goal) -> Edit {
    edit(now, goal, &Protocols::default()).unwrap().unwrap()
}

#[test]
fn an_edit_names_nothing_of_others_and_leads_to_the_goal() {
    let now = table(NOW);
    let goal = goal(Place::First);
    let change = edited(&now, &goal);
    assert_eq!(
        change.text,
        "*filter\n:fwdsl-INPUT - [0:0]\n-D INPUT -j fwdsl-INPUT\n-A fwdsl-INPUT -j DROP\n\
         [2:2] -I INPUT 1 -j fwdsl-INPUT\n-F web\n-X web\nCOMMIT\n"
    );
    assert_eq!(edit(&change.after, &goal, &Protocols::default()), Ok(None));
}

#[test]
fn the_way_back_leads_to_what_was_there() {
    let now = table(NOW);
    let protocols = Protocols::default();
    for place in [Place::First, Place::Last, Place::Before("f2b".into()), Place::After("f2b".into())] {
        let goal = goal(place);
        let former = goal.former(&now, &protocols);
        let after = edited(&now, &goal).after;
        let back = edited(&after, &former);
        assert_eq!(normal_table(&back.after, &protocols), normal_table(&now, &protocols), "{}", back.text);
        assert!(back.text.contains("[4:4] -A web -j ACCEPT") && !back.text.contains("f2b"), "{}", back.text);
        assert_eq!(edit(&now, &former, &protocols), Ok(None), "an undo can be repeated");
        // It is on disk in between.
        let json = serde_json::to_string(&former).unwrap();
        assert_eq!(serde_json::from_str::<Goal>(&json).unwrap(), former);
    }
}

#[test]
fn a_jump_comes_back_behind_the_rule_that_it_stood_behind() {
    let now = table(NOW);
    let protocols = Protocols::default();
    let former = goal(Place::First).former(&now, &protocols);
    let moved = "*filter\n:INPUT DROP [0:0]\n:f2b - [0:0]\n:fwdsl-INPUT - [0:0]\n:web - [0:0]\n\
        -A INPUT -s 192.0.2.9/32 -j DROP\n-A INPUT -j f2b\n-A INPUT -i lo -j ACCEPT\n-A fwdsl-INPUT -j web\n\
        -A web -j ACCEPT\nCOMMIT\n";
    let back = edited(&table(moved), &former);
    assert_eq!(back.text, "*filter\n[2:2] -I INPUT 3 -j fwdsl-INPUT\nCOMMIT\n");
}

#[test]
fn two_jumps_become_one_and_none_becomes_one() {
    let twice = NOW.replace("[1:1] -A INPUT -i lo", "[0:0] -A INPUT -j fwdsl-INPUT\n[1:1] -A INPUT -i lo");
    let change = edited(&table(&twice), &goal(Place::After("f2b".into())));
    assert_eq!(change.text.matches("-D INPUT -j fwdsl-INPUT\n").count(), 2);
    assert_eq!(change.text.matches("-I INPUT 2 -j fwdsl-INPUT\n").count(), 1);
    let none = NOW.replace("[2:2] -A INPUT -j fwdsl-INPUT\n", "");
    let change = edited(&table(&none), &goal(Place::Last));
    assert!(
        !change.text.contains("-D ") && change.text.contains("\n-A INPUT -j fwdsl-INPUT\n"),
        "{}",
        change.text
    );
}

#[test]
fn a_place_beside_what_is_not_there_is_an_error() {
    let problem = edit(&table(NOW), &goal(Place::After("DOCKER".into())), &Protocols::default());
    assert_eq!(problem, Err("no rule of INPUT goes to `DOCKER`".to_owned()));
}

#[test]
fn a_chain_that_others_go_to_is_emptied_and_stays() {
    let used = NOW.replace("[1:1] -A INPUT -i lo -j ACCEPT", "[1:1] -A INPUT -i lo -j web");
    let change = edited(&table(&used), &goal(Place::First));
    assert!(change.text.contains("-F web\n") && !change.text.contains("-X web"), "{}", change.text);
}

#[test]
fn rules_that_a_whole_table_left_go_and_come_back() {
    let now = table(NOW);
    let protocols = Protocols::default();
    let mut goal = Goal::new("filter");
    goal.shared("INPUT").ours =
        vec!["-A INPUT -i lo -j ACCEPT".to_owned(), "-A INPUT -j fwdsl-INPUT".to_owned()];
    let former = goal.former(&now, &protocols);
    let change = edited(&now, &goal);
    assert!(change.text.contains("-D INPUT -i lo -j ACCEPT\n"), "{}", change.text);
    let back = edited(&change.after, &former);
    assert_eq!(
        back.text,
        "*filter\n[2:2] -I INPUT 2 -j fwdsl-INPUT\n[1:1] -A INPUT -i lo -j ACCEPT\nCOMMIT\n"
    );
    // Where nobody else has a rule, the chain is flushed: iptables-nft does not find every rule by what it says.
    let alone = NOW.replace("[3:3] -A INPUT -j f2b\n", "");
    assert!(edited(&table(&alone), &goal).text.contains("\n-F INPUT\n"));
}
