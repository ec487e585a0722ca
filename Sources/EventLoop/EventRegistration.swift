internal import CLibevent
internal import Glibc

/// A timer, a signal handler or a watched descriptor on an ``EventLoop``, until it is cancelled.
///
/// The loop keeps it alive: dropping this handle does not cancel it.
///
/// `@unchecked Sendable`: `loop` never changes and everything else is touched on the loop's thread only.
public final class EventRegistration: @unchecked Sendable {
    /// Why a handler is called.
    enum Outcome {
        case fired(Int16)
        /// The loop is ending, and nothing will come any more.
        case loopEnded
    }

    /// The loop it belongs to.
    public let loop: EventLoop
    private var event: OpaquePointer?
    private var handler: ((EventRegistration, Outcome) -> Void)?
    /// For a timer: when it may fire, in nanoseconds of the monotonic clock.
    private let deadline: UInt64?
    private let isPersistent: Bool

    init(
        loop: EventLoop, deadline: UInt64?, isPersistent: Bool,
        handler: @escaping (EventRegistration, Outcome) -> Void
    ) {
        self.loop = loop
        self.deadline = deadline
        self.isPersistent = isPersistent
        self.handler = handler
    }

    /// Stops it. Called on the loop, the handler does not run again; from another thread it may be running just now, or
    /// run once more before the cancellation arrives. Cancelling again, or after a timer has fired, is harmless.
    public func cancel() {
        if self.loop.isCurrent {
            self.cancel(isLoopEnding: false)
        } else {
            self.loop.execute { self.cancel(isLoopEnding: false) }
        }
    }

    /// On the loop only.
    func cancel(isLoopEnding: Bool) {
        guard let event = self.event else { return }
        event_free(event)
        self.event = nil
        self.loop.registrations[ObjectIdentifier(self)] = nil
        let handler = self.handler.take()
        if isLoopEnding { handler?(self, .loopEnded) }
    }

    /// On the loop only. A loop that is ending takes nothing new: the handler hears of it at once.
    func start(descriptor: Int32, events: Int32) {
        guard self.loop.acceptsRegistrations else {
            self.handler.take()?(self, .loopEnded)
            return
        }
        self.event = event_new(
            self.loop.eventBase, descriptor, Int16(events),
            { _, events, context in
                Unmanaged<EventRegistration>.fromOpaque(context!).takeUnretainedValue().fire(events)
            }, Unmanaged.passUnretained(self).toOpaque())
        self.loop.registrations[ObjectIdentifier(self)] = self
        self.add()
    }

    private func add() {
        guard let deadline = self.deadline else {
            event_add(self.event, nil)
            return
        }
        let now = monotonicNanoseconds()
        // libevent counts from its cached time, which is as old as the turn of the loop, and fires on a coarse clock.
        event_base_update_cache_time(self.loop.eventBase)
        let microseconds = deadline > now ? (deadline - now + 999) / 1000 : 0
        var interval = timeval(
            tv_sec: Int(clamping: microseconds / 1_000_000), tv_usec: Int(microseconds % 1_000_000))
        event_add(self.event, &interval)
    }

    private func fire(_ events: Int16) {
        // The handler may cancel this registration, and with it the loop's reference.
        withExtendedLifetime(self) {
            if let deadline = self.deadline {
                if monotonicNanoseconds() < deadline {
                    self.add()
                    return
                }
            }
            guard let handler = self.handler else { return }
            if !self.isPersistent { self.cancel(isLoopEnding: false) }
            handler(self, .fired(events))
        }
    }
}

/// Nanoseconds since some moment in the past, never going back.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
