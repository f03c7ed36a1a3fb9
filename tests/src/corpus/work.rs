//! Work on many things side by side.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many workers there are: the nft variant mostly waits for the kernel, so more than there are processors.
const WORKERS: usize = 6;

/// Works on every item, each worker with a tool of its own. The results come in the order of the items.
///
/// # Panics
///
/// If the work on an item does.
pub fn side_by_side<I: Sync, T, R: Send>(
    items: &[I],
    make_tool: impl Fn() -> T + Sync,
    work: impl Fn(&T, &I) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let tool = make_tool();
        let mut done = Vec::new();
        while let Some((at, item)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            items.get(at).map(|item| (at, item))
        } {
            done.push((at, work(&tool, item)));
        }
        done
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS.min(items.len())).map(|_| scope.spawn(worker)).collect();
        workers
            .into_iter()
            .flat_map(|worker| match worker.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(side_by_side(&items, || 1, |one, item| item + one), (1..=1000).collect::<Vec<_>>());
    }
}
