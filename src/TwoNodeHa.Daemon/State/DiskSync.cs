namespace TwoNodeHa.Daemon.State;

/// <summary>Brings to the disk what a power loss must not take; a test looks at the order.</summary>
internal class DiskSync
{
    /// <summary>fsync(2) of an open file: its content is on disk when this returns.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public virtual void File(FileStream file) => file.Flush(flushToDisk: true);

    /// <summary>fsync(2) of a directory: a rename in it is on disk when this returns.</summary>
    /// <exception cref="IOException">The disk did not take it.</exception>
    public virtual void Folder(string directory) => PosixFile.SyncDirectory(directory);
}
