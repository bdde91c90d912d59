using System.Text.Json;
using System.Text.Json.Serialization;

namespace TwoNodeHa.Sim.Pool;

/// <summary>A pool definition as a file. Not in the library of the world: a program that is compiled ahead of time has no reflection for it, and reads no such file.</summary>
public static class PoolFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    extension(PoolDefinition pool)
    {
        /// <summary>Reads a file.</summary>
        public static PoolDefinition Load(string path) => PoolDefinition.Parse(File.ReadAllText(path));

        /// <summary>Reads a definition and completes it.</summary>
        public static PoolDefinition Parse(string json) =>
            (JsonSerializer.Deserialize<PoolDefinition>(json, Json)
                ?? throw new InvalidDataException("the pool definition is empty")).Completed();

        /// <summary>The definition as text that <c>Parse</c> reads.</summary>
        public string ToJson() => JsonSerializer.Serialize(pool, Json);
    }
}
