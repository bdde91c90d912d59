namespace TwoNodeHa.Ctl.Tests;

public sealed class ManPageTests
{
    private static string Packaged => CtlRun.RepositoryFile("packaging/man/ha-ctl.8");

    [Fact]
    public void ManPage_IsThePackagedFileAndKnowsEveryVerbAndOption()
    {
        var root = CommandTree.Build(new CtlContext(TextWriter.Null, TextWriter.Null));
        var page = ManPage.Of(root);
        if (Environment.GetEnvironmentVariable("REWRITE_GOLDEN") == "1")
        {
            File.WriteAllText(Packaged, page);
        }

        Assert.Equal(page, File.ReadAllText(Packaged));
        foreach (var command in root.Subcommands.Concat(root.Subcommands.SelectMany(command => command.Subcommands)))
        {
            Assert.Contains(command.Name.Replace("-", "\\-", StringComparison.Ordinal), page, StringComparison.Ordinal);
            Assert.All(
                command.Options.Where(option => !option.Hidden),
                option => Assert.Contains(option.Name.Replace("-", "\\-", StringComparison.Ordinal), page, StringComparison.Ordinal));
        }
    }
}
