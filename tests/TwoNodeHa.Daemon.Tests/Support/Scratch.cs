namespace TwoNodeHa.Daemon.Tests.Support;

/// <summary>A directory of a test's own; short, because a unix socket's path is.</summary>
internal sealed class Scratch : IDisposable
{
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("tnha").FullName;

    public string this[string name] => Path.Combine(Directory, name);

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
