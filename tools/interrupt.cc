#include "tools/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace bytepiece::tools {
namespace {

volatile std::sig_atomic_t caught = 0;

void end_process(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

extern "C" void on_signal(int signal) {
  if (caught != 0) end_process(signal);
  caught = signal;
  ::alarm(1);
}

extern "C" void on_alarm(int) { end_process(caught); }

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  if (action.sa_handler == SIG_IGN) return;
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART | SA_NODEFER;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void catch_interrupts() {
  handle(SIGINT, on_signal);
  handle(SIGTERM, on_signal);
  handle(SIGHUP, on_signal);
  handle(SIGALRM, on_alarm);
}

bool is_interrupted() { return caught != 0; }

void stop_if_interrupted() {
  if (!is_interrupted()) return;
  ::alarm(0);  // what is open has the time it takes to be closed
  throw Interrupted{caught};
}

void end_by(const Interrupted& interrupted) {
  end_process(interrupted.signal);
  std::_Exit(128 + interrupted.signal);
}

}  // namespace bytepiece::tools
