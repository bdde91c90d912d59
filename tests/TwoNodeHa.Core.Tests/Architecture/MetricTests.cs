using System.Reflection;
using TwoNodeHa.Core.Situation;

namespace TwoNodeHa.Core.Tests.Architecture;

/// <summary>The house stays as small as it is. Who needs more room splits, or says here why not.</summary>
public sealed class MetricTests
{
    [Fact]
    public void Core_MethodsAreSimple()
    {
        var methods = CodeMetrics.Methods(Repository.Folder("src/TwoNodeHa.Core"));
        Assert.True(methods.Count > 500, "the sources were not found");
        var p95 = CodeMetrics.Percentile(methods.Select(method => method.Complexity), 0.95);
        Assert.True(p95 <= 10, $"95 % of the methods of Core have a cyclomatic complexity of up to {p95}, 10 is the limit");
        Assert.Empty(methods.Where(method => method is { Complexity: > 15, IsFlatSwitch: false }).Select(method => $"{method.Name}: {method.Complexity}"));
    }

    [Fact]
    public void Sources_MethodsAreBelow70Lines() =>
        Assert.DoesNotContain(CodeMetrics.Methods(Repository.Folder("src")), method => method.Lines > 70);

    [Fact]
    public void Sources_FilesAreBelow300Lines() => Assert.Empty(
        CodeMetrics.Files(Repository.Folder("src")).Where(file => File.ReadLines(file).Count() > 300).Select(Path.GetFileName));

    [Fact]
    public void HaState_HasAtMost12Slices() => Assert.True(
        typeof(HaState).GetProperties(BindingFlags.Public | BindingFlags.Instance).Length <= 12);
}
