namespace TwoNodeHa.Core.Tests.Docs;

/// <summary>A text file of the repository.</summary>
/// <param name="Path">Path from the root, with slashes.</param>
/// <param name="Content">All of it.</param>
internal sealed record RepositoryText(string Path, string Content)
{
    public bool IsPage => Path.EndsWith(".md", StringComparison.Ordinal);

    /// <summary>Where a place in the text is, as a compiler would say it.</summary>
    public string At(int index) => $"{Path}:{Content.AsSpan(0, index).Count('\n') + 1}";
}

/// <summary>The texts that a reader of the repository meets; what a build leaves behind is none of them.</summary>
internal static class RepositoryTexts
{
    private static readonly string[] Folders = ["src", "sim", "tests", "docs", "packaging", ".ci"];
    private static readonly string[] Endings = [".cs", ".md", ".yaml", ".sh", ".service", ".example", ".props", ".csproj"];
    private static readonly string[] Built = ["bin", "obj", "artifacts", "TestResults"];

    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<RepositoryText> All { get; } = [.. Files().Select(Read)];

    public static IEnumerable<RepositoryText> Pages => All.Where(text => text.IsPage);

    public static string Page(string path) => All.Single(text => text.Path == path).Content;

    public static bool Exists(string path) =>
        File.Exists(Path.Combine(Root, path)) || Directory.Exists(Path.Combine(Root, path));

    private static IEnumerable<string> Files()
    {
        var top = Directory.EnumerateFiles(Root).Where(IsText);
        var below = Folders.Select(folder => Path.Combine(Root, folder)).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)).Where(IsText);
        return top.Concat(below).Order(StringComparer.Ordinal);
    }

    private static bool IsText(string file) => Endings.Contains(Path.GetExtension(file))
        && !Relative(file).Split('/').Any(part => Built.Contains(part));

    private static RepositoryText Read(string file) => new(Relative(file), File.ReadAllText(file));

    private static string Relative(string file) => Path.GetRelativePath(Root, file).Replace('\\', '/');

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "TwoNodeHa.sln")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("TwoNodeHa.sln is not above the test binaries");
        }

        return folder.FullName;
    }
}
