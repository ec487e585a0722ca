/// How long a process is kept once it has finished, where it says so itself.
public enum Retention: Hashable, Sendable {
    /// This long after its end.
    case after(Duration)
    /// Until somebody removes it with force.
    case forever
}
