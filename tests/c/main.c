/* The tests of the C library, as one program: it includes the library, so that every static function is within reach. A
 * line for each test; exits with 1 if a check failed. */
#include "gradus.c"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "elementary_test.c"
#include "ulp_test.c"
#include "rng_test.c"
#include "gemm_test.c"
#include "threads_test.c"
#include "mlp_test.c"
#include "value_test.c"
#include "program_test.c"

#define RUN(test) run_test(#test, test)

int main(void) {
  RUN(elementary_test);
  RUN(float_functions_are_within_their_bounds);
  RUN(double_functions_are_within_their_bounds);
  RUN(softmax_is_within_its_bound);
  RUN(rng_test);
  RUN(gemm_test);
  RUN(gemm_refuses_bad_arguments);
  RUN(threads_do_every_element_once);
  RUN(threads_are_had_by_one_at_a_time);
  RUN(threads_compute_at_the_same_time);
  RUN(threads_can_be_asked_for);
  RUN(threads_do_not_change_products);
  RUN(threads_are_made_anew_in_a_child);
  RUN(mlp_test);
  RUN(mlp_refuses_bad_jobs);
  RUN(mlp_stops_before_the_next_batch);
  RUN(mlp_epoch_in_slices_gives_the_bits_of_one_call);
  RUN(value_test);
  RUN(value_refuses_bad_records);
  RUN(program_run_gives_the_bits_of_the_tape);
  RUN(program_run_takes_numbers_on_both_sides);
  RUN(program_run_without_inputs_or_rows);
  RUN(program_run_adds_up_rows);
  RUN(program_once_gives_the_bits_of_the_tape);
  RUN(program_refuses_what_is_none);
  return tests_failed() ? 1 : 0;
}
