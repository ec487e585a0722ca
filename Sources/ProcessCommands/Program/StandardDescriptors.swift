internal import Glibc

/// The three descriptors that every program may expect to be open.
enum StandardDescriptors {
    /// Opens those that are closed, so that no socket or file of ours gets their numbers, and output meant for a terminal
    /// ends up in it.
    ///
    /// Input is at its end then, and what is said on standard error is said to nobody. Output still can't be written, since
    /// it would be taken for kept: the error is the one of a descriptor that is closed.
    static func fill() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is taken, and those below are open by now.
            _ = open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}
