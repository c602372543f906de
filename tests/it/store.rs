//! The kit that fixes what a store promises, run for every adapter by the same functions, and what sled alone must bear.

mod abroad;
mod crash;
mod disk_full;
mod fixture;
mod kit;
mod log;
mod moving;
mod power;
mod sled;
mod speed;
pub(crate) mod writer;

use fixture::{Fixture, Memory, Sled};

macro_rules! kit {
    ($($part:ident :: { $($test:ident),+ $(,)? })+) => {
        mod in_memory {
            $($(
                #[test]
                fn $test() {
                    super::run(&super::Memory::new(), super::$part::$test);
                }
            )+)+
        }
        mod in_sled {
            $($(
                #[test]
                fn $test() {
                    super::run(&super::Sled::new(), super::$part::$test);
                }
            )+)+
        }
    };
}

kit! {
    abroad::{
        another_city_is_kept_with_its_registry_and_its_lists,
        journals_are_reconciled_once_and_double_use_is_found,
    }
    kit::{
        a_change_is_applied_whole_or_not_at_all,
        every_expectation_is_told_by_its_error,
        of_64_racers_for_a_licence_number_exactly_one_gets_it,
        the_same_request_gets_the_same_receipt,
        a_batch_answers_each_change_for_itself,
        status_counters_are_never_handed_out_twice,
        status_moves_by_compare_and_set_and_revocation_is_for_good,
        pages_are_complete_and_stable_under_inserts,
        values_are_kept_byte_by_byte_and_limits_hold,
        versions_never_come_back,
        what_is_past_its_life_is_swept,
        reads_go_on_while_changes_are_written,
        leases_pass_on_with_a_new_epoch,
        every_write_that_fails_is_done_once_by_asking_again,
    }
    log::{
        every_leaf_is_proved_and_heads_are_consistent,
        a_stale_epoch_cannot_integrate,
        a_follower_misses_nothing,
    }
    moving::{
        an_export_makes_the_same_store_again,
        a_broken_export_is_refused,
        damage_is_found_by_the_check,
        a_snapshot_stays_while_others_write,
        an_export_under_load_is_a_whole_store,
    }
}

/// Runs one test and then looks whether the store is sound.
fn run(fixture: &dyn Fixture, test: fn(&dyn Fixture)) {
    test(fixture);
    let report = fixture.check();
    assert_eq!(report.listed, Vec::<String>::new());
    assert_eq!(Ok(report.log), fixture.store().log_head());
}
