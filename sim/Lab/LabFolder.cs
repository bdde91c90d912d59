namespace TwoNodeHa.Sim.Lab;

/// <summary>
/// Directory of one lab. Short, because a unix socket path ends at 107 bytes; named after the process that answers for
/// it, so that a later lab can remove what a killed one left behind.
/// </summary>
internal sealed class LabFolder : IDisposable
{
    private const string Prefix = "tnh-";
    private static int _next;

    public LabFolder()
    {
        Number = Interlocked.Increment(ref _next);
        Path = System.IO.Path.Combine("/tmp", $"{Prefix}{Environment.ProcessId}-{Number}");
        Directory.CreateDirectory(Path);
    }

    /// <summary>Number of this lab in this process.</summary>
    public int Number { get; }

    public string Path { get; }

    /// <summary>The directory is kept below <c>artifacts/lab</c> of the source tree: the lab failed.</summary>
    public bool Keep { get; set; }

    public string Of(string host) => System.IO.Path.Combine(Path, host);

    /// <summary>Removes the directories of processes that are gone.</summary>
    public static void Sweep()
    {
        foreach (string directory in Directory.EnumerateDirectories("/tmp", Prefix + "*-*"))
        {
            string owner = System.IO.Path.GetFileName(directory)[Prefix.Length..].Split('-')[0];
            if (int.TryParse(owner, out int pid) && !Directory.Exists($"/proc/{pid}"))
            {
                Remove(directory);
            }
        }
    }

    public void Dispose()
    {
        if (Keep)
        {
            KeepCopy();
        }

        Remove(Path);
    }

    private void KeepCopy()
    {
        string target = System.IO.Path.Combine(Repository.Root, "artifacts", "lab", System.IO.Path.GetFileName(Path));
        foreach (string file in Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories))
        {
            // Sockets cannot be copied, and the shared disk is of no interest.
            if (System.IO.Path.GetExtension(file) is ".log" or ".json" or ".conf")
            {
                string copy = System.IO.Path.Combine(target, System.IO.Path.GetRelativePath(Path, file));
                Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
                File.Copy(file, copy, overwrite: true);
            }
        }
    }

    private static void Remove(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (IOException)
        {
            // A process that is just dying may still write into it; the next sweep removes it.
        }
    }
}
