using System.Text.Json;

namespace TwoNodeHa.Core.Tests.Architecture;

/// <summary>tests/seams/seams.json fits the sources: a lie whose place has moved would be put in nowhere.</summary>
public sealed class SeamTests
{
    [Fact]
    public void Every_lie_can_be_put_in_and_names_tests_that_are_there()
    {
        var root = Repository.Root;
        using var lies = JsonDocument.Parse(File.ReadAllText(Path.Combine(root, "tests", "seams", "seams.json")));
        var tests = Directory.EnumerateFiles(Path.Combine(root, "tests"), "*Tests.cs", SearchOption.AllDirectories).Select(path => Path.GetFileNameWithoutExtension(path)).ToHashSet(StringComparer.Ordinal);
        foreach (var lie in lies.RootElement.EnumerateArray())
        {
            var name = lie.GetProperty("name").GetString();
            var text = File.ReadAllText(Path.Combine(root, "src", lie.GetProperty("file").GetString()!));
            Assert.True(text.Split(lie.GetProperty("find").GetString()!).Length == 2, $"{name}: its text must occur exactly once in {lie.GetProperty("file")}");
            Assert.Matches(@"\bOFF\b", lie.GetProperty("with").GetString());
            Assert.All(lie.GetProperty("tests").EnumerateArray(), test => Assert.Contains(test.GetString()!.Split('.')[0], tests));
        }
    }
}
