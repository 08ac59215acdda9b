/* threads.hpp: OpenMP teams that can start, and that do not pile up. Not bound to Java.
 *
 * libgomp ends the process when a thread of a team cannot be started (ulimit -u, a pids cgroup, seccomp, no address
 * space for its stack), and it keeps a team for every thread that ever called it. So a region asks for its width here:
 * the team is made once per calling thread, after as many threads were started and ended again on trial. Where fewer
 * start, the region gets fewer; results do not depend on it, because work is cut by the engine's number of threads.
 *
 * Whoever opens a region without asking (FAISS inside a call of ours) reuses the team that was made.
 */
#ifndef VICINAL_THREADS_HPP_
#define VICINAL_THREADS_HPP_

#include <omp.h>

extern "C" {
/* How many of `wanted` threads can be started at once beside those that run; starts and ends them. */
int vicinal_threads_startable(int wanted);
/* The width that a region of this thread may have, 1..width. *fresh: its team is not made yet; then the caller holds
 * the process's lock and owes an empty region of that width and vicinal_team_made. */
int vicinal_team_plan(int width, int* fresh);
void vicinal_team_made(int width);
/* 1 when this thread's team should end: it has one, and more worker threads wait in teams than are worth keeping. */
int vicinal_team_surplus(void);
void vicinal_team_ended(void);
/* Worker threads that wait in the teams of all threads. */
int vicinal_team_workers(void);
}

namespace vicinal {

/* The width of this thread's next region, at most `width`; its threads run already. */
inline int team(int width) {
  if (omp_in_parallel()) return width; /* OpenMP gives an inner region one thread */
  int fresh = 0;
  const int can = vicinal_team_plan(width, &fresh);
  if (fresh != 0) {
    int started = 1;
#pragma omp parallel num_threads(can)
    {
#pragma omp single
      started = omp_get_num_threads(); /* OMP_THREAD_LIMIT may give fewer */
    }
    vicinal_team_made(started);
  }
  return can;
}

/* At the end of a call: ends this thread's team if there are many. */
inline void trim_teams() {
  if (vicinal_team_surplus() == 0) return;
  omp_pause_resource(omp_pause_soft, omp_get_initial_device());
  vicinal_team_ended();
}

}  // namespace vicinal

#endif  // VICINAL_THREADS_HPP_
