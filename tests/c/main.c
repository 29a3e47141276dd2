/* The tests of the C library, as one program: it includes the library, so that every static function is within reach. A
 * line for each test; exits with 1 if a check failed.
 *
 * Usage: gradus_tests [--without-plain] [test…]    all tests by default. Where levels are compared, plain, which takes
 * long, is left out; and where it is all that there is to compare with, numbers are fewer. */
#include "gradus.c"

#include <stdio.h>
#include <stdlib.h>

/* What the tests take for the lowest level. */
static int32_t lowest_level = GRADUS_LEVEL_PLAIN;

/* gradus_level(), but for levels below that; a negative limit asks for the level in use. */
static int32_t level_from_lowest(int32_t limit) {
  return gradus_level(limit < 0 || limit > lowest_level ? limit : lowest_level);
}
#define gradus_level level_from_lowest

#include "check.h"
#include "memory_test.c"
#include "elementary_test.c"
#include "ulp_test.c"
#include "rng_test.c"
#include "gemm_test.c"
#include "threads_test.c"
#include "mlp_test.c"
#include "value_test.c"
#include "program_test.c"
#include "tensor_test.c"
#include "tensor_check.h"
#include "tensor_reduce_test.c"
#include "tensor_rows_test.c"
#include "tensor_index_test.c"
#include "tensor_product_test.c"

static int is_asked_for(const char *test, int count, char **names) {
  for (int i = 1; i < count; i++)
    if (strcmp(names[i], test) == 0) return 1;
  return count <= 1;
}

/* How many tests have run: none if there is none of a name. */
static int tests_run;
#define RUN(test) \
  if (is_asked_for(#test, count, names)) run_test(#test, test), tests_run++

int main(int count, char **names) {
  if (count > 1 && strcmp(names[1], "--without-plain") == 0) lowest_level = GRADUS_LEVEL_AVX2, count--, names++;
  printf("the best level is %d\n", (int)best_level());
  RUN(memory_test);
  RUN(elementary_test);
  RUN(float_functions_are_within_their_bounds);
  RUN(double_functions_are_within_their_bounds);
  RUN(softmax_is_within_its_bound);
  RUN(rng_test);
  RUN(gemm_test);
  RUN(gemm_finishes_every_element_once);
  RUN(gemm_copies_or_not);
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
  RUN(mlp_large_layers_give_the_bits_of_one_update);
  RUN(mlp_bias_gradients_are_sums);
  RUN(value_test);
  RUN(value_refuses_bad_records);
  RUN(program_run_gives_the_bits_of_the_tape);
  RUN(program_run_takes_numbers_on_both_sides);
  RUN(program_run_without_inputs_or_rows);
  RUN(program_run_adds_up_rows);
  RUN(program_once_gives_the_bits_of_the_tape);
  RUN(program_refuses_what_is_none);
  RUN(tensor_operations_are_right);
  RUN(tensor_views_may_lie_anyhow);
  RUN(tensor_turns_matrices);
  RUN(tensor_turns_elements_of_any_size);
  RUN(tensor_may_be_written_in_place);
  RUN(tensor_threads_do_not_change_anything);
  RUN(tensor_converts_every_type_to_every_other);
  RUN(tensor_knows_every_short_number);
  RUN(tensor_rounds_to_short_numbers_once);
  RUN(tensor_selects);
  RUN(tensor_refuses_what_is_no_plan);
  RUN(reduce_test);
  RUN(reduce_of_nothing_is_neutral);
  RUN(extremes_find_every_nan);
  RUN(reduce_of_integers_wraps_around);
  RUN(scan_test);
  RUN(reduce_refuses_bad_plans);
  RUN(rows_test);
  RUN(softmax_is_within_its_bound_in_rows);
  RUN(rows_that_are_not_finite);
  RUN(cross_entropy_keeps_small_losses);
  RUN(rows_refuse_bad_plans);
  RUN(gather_takes_blocks);
  RUN(scatter_puts_and_adds_in_order);
  RUN(sort_is_an_order_and_stable);
  RUN(sort_knows_the_extremes);
  RUN(index_functions_refuse_bad_plans);
  RUN(product_test);
  RUN(product_refuses_bad_plans);
  return tests_failed() || tests_run == 0 ? 1 : 0;
}
