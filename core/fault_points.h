/*
 * Every fault point: its name, and what would be between here and the next step when the program died. Those of one component are reached by
 * queries that use it; the others by every query with a data directory. tests/reliability/matrix.py tries each.
 */
#ifndef CORE_FAULT_POINTS_H
#define CORE_FAULT_POINTS_H

/* clang-format off */
#define WR_FAULT_POINTS(X)                                                                                      \
	/* counters of the whole process: tests/reliability/nth.py and diskfull.py */                            \
	X("io.alloc", "an allocation of ours")                                                                  \
	X("io.write", "a write to a regular file, by whomever")                                                 \
	X("io.sync", "an fsync or fdatasync, by whomever")                                                      \
	/* start */                                                                                             \
	X("start.state", "nothing is open yet")                                                                 \
	X("state.locked", "the data directory is locked, RocksDB not open")                                     \
	X("state.open", "RocksDB is open, left files are not removed")                                          \
	X("start.topics", "state is open, topics are not")                                                      \
	X("start.journal", "topics are open, the catalog is not")                                               \
	X("start.orphans", "the journal is read; states without an owner are still there")                      \
	X("start.replay", "a recorded statement is about to be carried out again")                              \
	X("start.half", "a statement that was only half carried out is about to be removed")                    \
	X("start.half_removed", "what it left is gone, the journal still has it")                               \
	X("start.done", "all is resumed, undecided topic writers are not settled")                              \
	/* statements */                                                                                        \
	X("catalog.write", "a write to the catalog")                                                            \
	X("journal.number", "a statement is about to be recorded")                                              \
	X("create.topic", "a topic is about to be made")                                                        \
	X("topics.create", "an embedded topic's files are complete, not in place")                              \
	X("journal.creating", "a statement has a number, its query is not recorded")                            \
	X("create.recorded", "a query is recorded as being made, and is not opened")                            \
	X("create.opened", "a query is open and has its first epoch, and does not run")                         \
	X("journal.before_live", "all parts of a statement exist, it is about to be recorded as live")          \
	X("journal.live", "the statement is live; its query does not run yet")                                  \
	X("create.started", "the query runs")                                                                   \
	X("insert.written", "rows of INSERT VALUES are written, not synced")                                    \
	X("insert.before_record", "they are synced, the statement is not recorded")                             \
	X("insert.recorded", "the statement is recorded, its rows are not decided")                             \
	X("replace.stopped", "the old query has stopped, the new one is not open")                              \
	X("replace.opened", "the new query is open, nothing says so on disk")                                   \
	X("journal.replacing", "the catalog's transaction has the new one, not yet the old one's end")          \
	X("replace.recorded", "the new one is recorded and does not run")                                       \
	X("drop.query", "a query is about to be stopped for good")                                              \
	X("drop.stopped", "it has stopped")                                                                     \
	X("drop.before_record", "its topic is gone, the journal still has it")                                  \
	X("topics.delete", "an embedded topic has lost its name, its files are there")                          \
	X("journal.gone", "a dropped statement that others may need is about to be marked")                     \
	X("journal.dropped", "the statement is about to be marked as dropped")                                  \
	X("journal.terminated", "the query is about to be marked as terminated")                                \
	X("drop.recorded", "it is marked, its state is still there")                                            \
	X("drop.forgotten", "it is no writer of topics any more, its state is still there")                     \
	X("state.drop", "a state is about to be dropped")                                                       \
	/* a run's opening, at start and after a rollback */                                                    \
	X("run.open", "nothing of a run is open")                                                               \
	X("state.family", "a query's state is about to be opened or made")                                      \
	X("run.state_open", "its state is open, its sink is not")                                               \
	X("epoch.at_start", "a sink that decides was asked what it committed")                                  \
	X("epoch.open_at_start", "its answer on a pending epoch is known and not carried out")                  \
	X("run.restored", "positions are read, the sink (unless it decides) is not open")                       \
	X("epoch.first", "the first epoch, with start positions only, is about to be committed")                \
	X("run.sink_open", "the sink is open, tasks are not")                                                   \
	X("run.tasks_open", "all is open, nothing runs")                                                        \
	/* rows and epochs */                                                                                   \
	X("reader.batch", "records are about to be decoded")                                                    \
	X("sink.rows", "rows are about to be handed to the sink")                                               \
	X("epoch.barrier", "an epoch is about to end")                                                          \
	X("task.settle", "a task met the barrier, its dirty state is in caches")                                \
	X("sink.snapshot", "a sink's writer is about to settle")                                                \
	X("task.settled", "a task's state is in its stores' overlays")                                          \
	X("epoch.gathered", "all tasks stand still")                                                            \
	X("epoch.before_mark", "positions are in the overlay, the sink was not asked for its mark")             \
	X("epoch.after_mark", "a follower's data is synced, our write is not made")                             \
	X("epoch.before_apply", "our write is complete in memory")                                              \
	X("epoch.sink_ready", "a decider's data is ready and undecided")                                        \
	X("epoch.without_sink", "an epoch without output for the decider is about to be written")               \
	X("epoch.pending", "our write is stored as pending, the decider has not committed")                     \
	X("epoch.decided", "the decider has committed, our write is pending")                                   \
	X("epoch.after_apply", "the epoch exists")                                                              \
	X("epoch.before_told", "the epoch exists, the sink does not know")                                      \
	X("epoch.after_committed", "the sink was told")                                                         \
	/* state */                                                                                             \
	X("state.large", "an epoch is about to be made a batch (failing: it is made a file, as a large one is)") \
	X("state.before_write", "a batch is about to be written")                                               \
	X("state.written", "it is written and synced")                                                          \
	X("state.file_filled", "a large epoch's file is filled, not finished")                                  \
	X("state.file_ready", "a pending large epoch's file is finished, its name not synced")                  \
	X("state.before_ingest", "a large epoch's file is on disk and not ingested")                            \
	X("state.ingested", "it is ingested")                                                                   \
	X("state.before_decision", "a pending epoch is about to be applied or thrown away")                     \
	X("state.decision_written", "it is, its file is still there")                                           \
	/* embedded topics */                                                                                   \
	X("topics.append", "a record is about to be appended")                                                  \
	X("topics.flush", "appended records are about to be written to the file")                               \
	X("topics.sync", "a partition is about to be synced")                                                   \
	X("topics.synced", "it is synced")                                                                      \
	X("topics.decide", "an epoch's records are about to count")                                             \
	X("topics.writer", "a writer is about to be registered or forgotten")                                   \
	X("topics.abort", "undecided records are about to be marked as aborted")                                \
	X("topics.gap_noted", "they are marked on disk, not in memory")                                         \
	/* CSV */                                                                                               \
	X("csv.write", "bytes are about to be written to a CSV file")                                           \
	X("csv_append.resume", "an appended file is about to be cut to its mark")                               \
	X("csv_append.rotate", "the next numbered file is about to be begun")                                   \
	X("csv_append.flush", "a task's lines are about to be written")                                         \
	X("csv_append.sync", "all lines are written, not synced")                                               \
	X("csv_append.synced", "they are synced, there is no mark")                                             \
	X("csv_table.begin", "a table's file is about to be made anew")                                         \
	X("csv_table.before_rename", "the new file is whole, beside the old one")                               \
	X("csv_table.renamed", "it has taken the old one's place")                                              \
	/* SQLite */                                                                                            \
	X("sqlite.before_open", "the database is about to be opened")                                           \
	X("sqlite.ask", "the witness is about to be read, under the lock")                                      \
	X("sqlite.small", "rows are about to be kept in memory (failing: they are written at once, as many are)") \
	X("sqlite.spill", "a large epoch's rows are about to be written early")                                 \
	X("sqlite.before_begin", "a transaction is about to begin")                                             \
	X("sqlite.begun", "the database is locked")                                                             \
	X("sqlite.row", "a row is about to be written")                                                         \
	X("sqlite.before_witness", "all rows are in the transaction, the witness is not")                       \
	X("sqlite.ready", "the witness is")                                                                     \
	X("sqlite.before_commit", "COMMIT comes next")                                                          \
	X("sqlite.committed", "the database has committed")                                                     \
	/* Kafka */                                                                                             \
	X("kafka.before_init", "the producer is about to open its transactions, which ends a dead one's")       \
	X("kafka.init", "it has")                                                                               \
	X("kafka.ask", "the witness is about to be read")                                                       \
	X("kafka.put", "rows are about to be produced")                                                         \
	X("kafka.before_witness", "all records are delivered, the witness is not in the transaction")           \
	X("kafka.ready", "the witness is")                                                                      \
	X("kafka.before_commit", "the transaction is about to be committed")                                    \
	X("kafka.after_commit", "the broker has committed it")                                                  \
	/* the outbox of HTTP and e-mail */                                                                     \
	X("outbox.put", "a request is about to be put into the outbox")                                         \
	X("outbox.note", "what was delivered is about to be noted in the outbox")                               \
	X("outbox.mark", "an epoch with requests is about to be committed")                                     \
	X("outbox.committed", "an epoch's requests may be sent from here on")                                   \
	X("outbox.load", "a request is about to be read from the outbox")                                       \
	X("outbox.send", "it is about to be sent")                                                              \
	X("outbox.sent", "it is on its way")                                                                    \
	X("outbox.answered", "it was answered, nobody has taken note")                                          \
	X("outbox.refused", "the answer is a refusal, nobody has taken note")                                   \
	X("outbox.acknowledged", "the answer is noted in memory")                                               \
	X("outbox.settle", "deliveries that no epoch will note are about to be stored")                         \
	X("outbox.settled", "they are in the overlay")                                                          \
	X("outbox.dead_letter", "dead letters are in their topic, the outbox still has them")
/* clang-format on */

#endif
