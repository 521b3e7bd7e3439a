import Foundation

/// Calls `first` at the first SIGINT, SIGTERM or SIGHUP and `again` at the second; for the life of the process.
///
/// Handlers are in place when this returns: libdispatch's signal sources are set up some time later, and what arrives
/// in between is lost.
package func onInterrupt(
    _ first: @escaping @Sendable () -> Void, again: @escaping @Sendable () -> Never
) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    interruptPipe = ends[1]
    let reading = ends[0]
    // A terminal that is closed ends the work too, unless the user said that it should not (nohup).
    var before = sigaction()
    sigaction(SIGHUP, nil, &before)
    let ignoresHangup =
        unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self)
        == unsafeBitCast(SIG_IGN, to: Int.self)
    let numbers = [SIGINT, SIGTERM] + (ignoresHangup ? [] : [SIGHUP])
    for number in numbers {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            // Only what is allowed in a signal handler.
            let before = errno
            var byte: UInt8 = 1
            _ = write(interruptPipe, &byte, 1)
            errno = before
        }
        action.sa_flags = SA_RESTART
        sigaction(number, &action, nil)
    }
    Thread.detachNewThread {
        // Whoever started this program may have left the signals blocked; one thread that takes them is enough.
        var taken = sigset_t()
        sigemptyset(&taken)
        for number in numbers { sigaddset(&taken, number) }
        pthread_sigmask(SIG_UNBLOCK, &taken, nil)
        var byte: UInt8 = 0
        var count = 0
        while true {
            let got = read(reading, &byte, 1)
            if got < 0 && errno == EINTR { continue }
            guard got == 1 else { return }
            count += 1
            if count > 1 { again() }
            first()
        }
    }
}

/// The end of the pipe that signal handlers write to; set once, before any handler is installed.
private nonisolated(unsafe) var interruptPipe: Int32 = -1
