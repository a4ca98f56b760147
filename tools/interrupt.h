// Ctrl-C and SIGTERM for long commands. The first signal asks: stop_if_interrupted(), which every progress
// call makes, throws, and everything is closed on the way out. Where nothing has asked for a second (a long
// sort, a slow disk), or at a second signal, the process ends at once; that leaves no half-written file
// either, since files get their names when they are whole.
//
// Thread rule: one thread.
#pragma once

namespace bytepiece::tools {

struct Interrupted {
  int signal;
};

void catch_interrupts();  // from now on; signals that were ignored stay so (nohup)
bool is_interrupted();
void stop_if_interrupted();  // throws Interrupted

// Ends the process as the signal does, so that its status tells.
[[noreturn]] void end_by(const Interrupted& interrupted);

}  // namespace bytepiece::tools
