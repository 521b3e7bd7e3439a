internal import CTorch

/// libtorch and the process that it runs in.
public enum Torch {
    /// Makes tensors faster on the CPU: the memory of one that is freed is kept for the next.
    ///
    /// Changes how `malloc` works in the whole process, for good, so no tensor does so by itself. A program that lives
    /// for images calls it once when it starts; one with other things to do may rather give memory back to the system.
    public static func tuneProcess() { pt_keep_freed_memory() }
}
