using System.Xml.Linq;

namespace TwoNodeHa.Core.Tests.Architecture;

/// <summary>Who may reference whom. A new arrow is a decision, made here and in an ADR.</summary>
public sealed class ProjectTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["TwoNodeHa.Core"] = [],
        ["TwoNodeHa.Agent"] = ["TwoNodeHa.Core"],
        ["TwoNodeHa.XenApi"] = [],
        ["TwoNodeHa.Daemon"] = ["TwoNodeHa.Agent", "TwoNodeHa.Core", "TwoNodeHa.XenApi"],
        ["TwoNodeHa.Dom0"] = ["TwoNodeHa.Daemon", "TwoNodeHa.Ctl"],
        ["TwoNodeHa.Ctl"] = ["TwoNodeHa.Core", "TwoNodeHa.World", "TwoNodeHa.XenApi"],
        ["TwoNodeHa.World"] = ["TwoNodeHa.Agent", "TwoNodeHa.Core"],
        ["Playground"] = ["TwoNodeHa.World"],
        ["TwoNodeHa.Sim"] = ["TwoNodeHa.Agent", "TwoNodeHa.Core", "TwoNodeHa.World"],
    };

    [Fact]
    public void Projects_ReferenceOnlyWhatTheyMay()
    {
        var projects = Directory.GetFiles(Repository.Folder("src"), "*.csproj", SearchOption.AllDirectories)
            .Append(Repository.Folder("sim/TwoNodeHa.Sim.csproj")).Append(Repository.Folder("sim/playground/Playground.csproj"));
        foreach (var project in projects)
        {
            var name = Path.GetFileNameWithoutExtension(project);
            var references = XDocument.Load(project).Descendants("ProjectReference")
                .Where(element => element.Attribute("ReferenceOutputAssembly")?.Value != "false")
                .Select(element => Path.GetFileNameWithoutExtension(element.Attribute("Include")!.Value.Replace('\\', '/')));
            Assert.True(Allowed.ContainsKey(name), $"{name} is a new project: say here what it may reference");
            Assert.All(references, reference => Assert.Contains(reference, Allowed[name]));
        }
    }

    [Fact]
    public void Core_HasOnePackage() => Assert.Equal(["Stateless"],
        XDocument.Load(Repository.Folder("src/TwoNodeHa.Core/TwoNodeHa.Core.csproj")).Descendants("PackageReference")
            .Select(element => element.Attribute("Include")!.Value));
}
