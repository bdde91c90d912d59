namespace TwoNodeHa.Core.Tests.Architecture;

/// <summary>The repository that the tests were built from.</summary>
internal static class Repository
{
    /// <summary>Its root.</summary>
    public static string Root { get; } = Find();

    /// <summary>Path of a folder in it.</summary>
    public static string Folder(string path) => Path.Combine(Root, path);

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "TwoNodeHa.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("TwoNodeHa.sln is not above the test binaries");
        }

        return folder.FullName;
    }
}
