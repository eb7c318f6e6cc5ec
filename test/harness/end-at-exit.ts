/**
 * Preloaded into every file of tests. Node, when nothing is left to do and all is reported, cleans up its handles, and
 * now and then waits for ever, at full speed, for a request of one that has been closed. So the process ends itself
 * just before that. It still ends only when nothing is left to do: who leaves something open is seen as before.
 */
process.once('beforeExit', () => {
  // Registered so late, it comes behind the runner's own, which reports and sets the exit code.
  process.once('exit', () => process.exit());
});
